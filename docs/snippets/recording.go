package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

const chunk = 1 << 20

func get(path, bytes string) []byte {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	request, err := http.NewRequest("GET", gateway+"/v1/recordings/"+path, nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	if bytes != "" {
		request.Header.Set("Range", bytes)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	if answer.StatusCode >= 400 {
		log.Fatalf("%s", data)
	}
	return data
}

// Usage: recording RECORDING_ID
func main() {
	var known struct {
		ID        string
		SizeBytes int64 `json:"size_bytes"`
		SHA256    string
	}
	if err := json.Unmarshal(get(os.Args[1], ""), &known); err != nil {
		log.Fatal(err)
	}
	file, err := os.Create(known.ID + ".wav")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	digest := sha256.New()
	for offset := int64(0); offset < known.SizeBytes; {
		data := get(known.ID+"/content", fmt.Sprintf("bytes=%d-%d", offset, offset+chunk-1))
		if _, err := file.Write(data); err != nil {
			log.Fatal(err)
		}
		digest.Write(data)
		offset += int64(len(data))
	}
	if hex.EncodeToString(digest.Sum(nil)) != known.SHA256 {
		log.Fatal("the file is not what was recorded")
	}
	fmt.Println(known.ID + ".wav: OK")
}
