package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

// Reads the stream until it ends, and returns the id of the last event that was worked with.
func follow(last string) string {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	request, err := http.NewRequest("GET", gateway+"/v1/stream/agent-states", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("Accept", "text/event-stream")
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return last
	}
	defer answer.Body.Close()
	if answer.StatusCode == 401 || answer.StatusCode == 403 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	// A comment comes every 15 s: whoever hears nothing for longer has lost the connection.
	silence := time.AfterFunc(45*time.Second, func() { answer.Body.Close() })
	defer silence.Stop()
	lines := bufio.NewReader(answer.Body)
	event := map[string]string{}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return last
		}
		silence.Reset(45 * time.Second)
		line = strings.TrimSuffix(line, "\n")
		if line != "" {
			field, value, _ := strings.Cut(line, ": ")
			event[field] = value
			continue
		}
		// The empty line ends an event.
		if event["event"] != "" {
			var data any
			if err := json.Unmarshal([]byte(event["data"]), &data); err != nil {
				log.Fatal(err)
			}
			fmt.Println(event["event"], event["id"])
			// Here you work with data. Remember the id after that, not before.
			if event["id"] != "" {
				last = event["id"]
			}
		}
		event = map[string]string{}
	}
}

func main() {
	for last := ""; ; time.Sleep(2 * time.Second) {
		last = follow(last)
	}
}
