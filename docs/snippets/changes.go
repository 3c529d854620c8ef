package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
)

type wraps struct {
	Items []struct {
		CallID string `json:"call_id"`
		Code   string
	}
	NextCursor    *string `json:"next_cursor"`
	ChangesCursor string  `json:"changes_cursor"`
}

// Reads a page and prints it.
func page(name, cursor string) (page wraps) {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	query := url.Values{"limit": {"500"}}
	if name != "" {
		query.Set(name, cursor)
	}
	request, err := http.NewRequest("GET", gateway+"/v1/wraps?"+query.Encode(), nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		log.Fatal(err)
	}
	for _, wrap := range page.Items {
		fmt.Println(wrap.CallID, wrap.Code)
	}
	return page
}

func keep(cursor string) {
	if err := os.WriteFile("wraps.cursor", []byte(cursor), 0o600); err != nil {
		log.Fatal(err)
	}
}

func main() {
	kept, err := os.ReadFile("wraps.cursor")
	if err == nil {
		// What changed since the last run, until a page is empty.
		for changed := page("changed_since", string(kept)); len(changed.Items) > 0; changed = page("changed_since", changed.ChangesCursor) {
			keep(changed.ChangesCursor)
		}
		return
	}
	// The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
	listed := page("", "")
	start := listed.ChangesCursor
	for listed.NextCursor != nil {
		listed = page("cursor", *listed.NextCursor)
	}
	keep(start)
}
