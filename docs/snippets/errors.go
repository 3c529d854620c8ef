package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

// Usage: errors /v1/metrics/summary
func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	request, err := http.NewRequest("GET", gateway+os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode < 400 {
		return
	}
	var problem struct {
		Status       int
		Code, Detail string
		RequestID    string `json:"request_id"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&problem); err != nil {
		log.Fatal(err)
	}
	// Decide by the code, show people the detail, and keep the request's id for the administrator.
	fmt.Printf("%d %s: %s (request %s)\n", problem.Status, problem.Code, problem.Detail, problem.RequestID)
}
