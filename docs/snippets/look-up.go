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

// Usage: look-up "0491 570 006"
func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	// Encode keeps the + of an international number.
	query := url.Values{"phone": {os.Args[1]}}.Encode()
	request, err := http.NewRequest("GET", gateway+"/v1/contacts/lookup?"+query, nil)
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
	var found struct {
		Matches []struct {
			Contact struct {
				DisplayName string `json:"display_name"`
			}
			Matched struct{ How string }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		log.Fatal(err)
	}
	for _, match := range found.Matches {
		fmt.Printf("%s (%s)\n", match.Contact.DisplayName, match.Matched.How)
	}
}
