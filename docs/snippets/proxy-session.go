package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

// Sends a request; session is the token of a proxy session, or empty.
func ask(method, path, session string, body, into any) error {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if body == nil {
		data = nil
	}
	request, err := http.NewRequest(method, gateway+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("Content-Type", "application/json")
	if session != "" {
		// The session's token goes beside the key, not in its place.
		request.Header.Set("X-Proxy-Session", session)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s", problem)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// Usage: proxy-session AGENT_ID
func main() {
	agent := os.Args[1]
	var session struct {
		ID    string `json:"session_id"`
		Token string
	}
	if err := ask("POST", "/v1/sessions/proxy", "", map[string]any{"agent_id": agent, "minutes": 30}, &session); err != nil {
		log.Fatal(err)
	}
	state := map[string]string{"routing_state": "not_ready", "reason": "training"}
	var changed struct {
		DisplayName  string `json:"display_name"`
		RoutingState string `json:"routing_state"`
	}
	err := ask("PUT", "/v1/agents/"+agent+"/state", session.Token, state, &changed)
	if ended := ask("DELETE", "/v1/sessions/proxy/"+session.ID, "", nil, nil); err == nil {
		err = ended
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", changed.DisplayName, changed.RoutingState)
}
