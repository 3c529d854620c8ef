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

func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	query := url.Values{"queue": {"Sales"}, "length": {"15m"}, "basis": {"offered"}}.Encode()
	request, err := http.NewRequest("GET", gateway+"/v1/metrics/queues?"+query, nil)
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
	var figures struct {
		Items []struct {
			Start        string
			Offered      int `json:"offered_count"`
			Answered     int `json:"answered_count"`
			ServiceLevel struct {
				AnsweredAndAbandoned *float64 `json:"answered_and_abandoned"` // nil where nobody called
			} `json:"service_level"`
			Final bool
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&figures); err != nil {
		log.Fatal(err)
	}
	for _, row := range figures.Items {
		level := "null"
		if row.ServiceLevel.AnsweredAndAbandoned != nil {
			level = fmt.Sprint(*row.ServiceLevel.AnsweredAndAbandoned)
		}
		fmt.Printf("%s offered %d, answered %d, service level %s, final %t\n", row.Start, row.Offered, row.Answered, level, row.Final)
	}
}
