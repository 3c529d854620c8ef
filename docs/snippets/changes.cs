using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class Changes
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Reads a page and prints it.
    static async Task<JObject> Page(string query)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var answer = await client.GetAsync($"{Gateway}/v1/wraps?limit=500{query}");
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        var page = JObject.Parse(body);
        foreach (var wrap in page["items"]) Console.WriteLine($"{wrap["call_id"]} {wrap["code"]}");
        return page;
    }

    static async Task Main()
    {
        if (File.Exists("wraps.cursor"))
        {
            // What changed since the last run, until a page is empty.
            while (true)
            {
                var changed = await Page("&changed_since=" + Uri.EscapeDataString(File.ReadAllText("wraps.cursor")));
                if (!changed["items"].Any()) break;
                File.WriteAllText("wraps.cursor", (string)changed["changes_cursor"]);
            }
        }
        else
        {
            // The first run reads everything. The changes_cursor of the first page misses nothing that changes meanwhile.
            var listed = await Page("");
            var start = (string)listed["changes_cursor"];
            while ((string)listed["next_cursor"] != null)
            {
                listed = await Page("&cursor=" + Uri.EscapeDataString((string)listed["next_cursor"]));
            }
            File.WriteAllText("wraps.cursor", start);
        }
    }
}
