package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

// Usage: call-make 1001 "+61 491 570 156" lead-4711-attempt-1
func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	extension, number, name := os.Args[1], os.Args[2], os.Args[3]
	body, _ := json.Marshal(map[string]string{"agent_extension": extension, "to": number})
	request, err := http.NewRequest("POST", gateway+"/v1/calls", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("Content-Type", "application/json")
	// Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
	request.Header.Set("Idempotency-Key", name)
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	var call struct{ ID, State string }
	if err := json.NewDecoder(answer.Body).Decode(&call); err != nil {
		log.Fatal(err)
	}
	fmt.Println(call.ID, call.State)
	if answer.Header.Get("Idempotency-Replayed") == "true" {
		fmt.Println("sent before")
	}
}
