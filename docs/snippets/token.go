package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

// Usage: token QUEUE_ID https://shop.example
func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	body, _ := json.Marshal(map[string]any{"queue_ids": []string{os.Args[1]}, "origin": os.Args[2], "minutes": 15})
	request, err := http.NewRequest("POST", gateway+"/v1/live/tokens", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("Content-Type", "application/json")
	// A key that is bound to a site's origin is asked for it here, too.
	request.Header.Set("Origin", os.Args[2])
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	// {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
	io.Copy(os.Stdout, answer.Body)
}
