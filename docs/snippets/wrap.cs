using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class Wrap
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Usage: Wrap CALL_ID
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var wrap = new JObject
        {
            ["code"] = "resolved", ["comments"] = "Invoice explained.", ["data"] = new JObject { ["ticket"] = "4711" },
        };
        var content = new StringContent(wrap.ToString(), Encoding.UTF8, "application/json");
        var answer = await client.PutAsync($"{Gateway}/v1/calls/{args[0]}/wrap", content);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        var written = JObject.Parse(body);
        Console.WriteLine($"{written["code"]}, revision {written["revision"]}");
    }
}
