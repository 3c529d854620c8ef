using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class AgentStates
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    static async Task Main()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        client.Timeout = Timeout.InfiniteTimeSpan; // the stream goes on for as long as somebody listens
        string last = null;
        while (true)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, Gateway + "/v1/stream/agent-states");
            request.Headers.Add("Accept", "text/event-stream");
            if (last != null) request.Headers.Add("Last-Event-ID", last);
            try
            {
                var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                if (answer.StatusCode == HttpStatusCode.Unauthorized || answer.StatusCode == HttpStatusCode.Forbidden)
                {
                    throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
                }
                var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
                var read = new Dictionary<string, string>();
                for (string line; (line = await lines.ReadLineAsync()) != null;)
                {
                    if (line != "")
                    {
                        var colon = line.IndexOf(": ");
                        if (colon > 0) read[line.Substring(0, colon)] = line.Substring(colon + 2);
                        continue;
                    }
                    // The empty line ends an event.
                    if (read.ContainsKey("event"))
                    {
                        var id = read.ContainsKey("id") ? read["id"] : null;
                        var data = JObject.Parse(read["data"]);
                        Console.WriteLine($"{read["event"]} {id}");
                        // Here you work with data. Remember the id after that, not before.
                        last = id ?? last;
                    }
                    read.Clear();
                }
            }
            catch (Exception lost) when (lost is HttpRequestException || lost is IOException || lost is WebException)
            {
                // Come back with the last id: nothing is lost.
            }
            await Task.Delay(2000);
        }
    }
}
