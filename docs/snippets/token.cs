using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class Token
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Usage: Token QUEUE_ID https://shop.example
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        // A key that is bound to a site's origin is asked for it here, too.
        client.DefaultRequestHeaders.Add("Origin", args[1]);
        var wanted = new JObject { ["queue_ids"] = new JArray(args[0]), ["origin"] = args[1], ["minutes"] = 15 };
        var content = new StringContent(wanted.ToString(), Encoding.UTF8, "application/json");
        var answer = await client.PostAsync(Gateway + "/v1/live/tokens", content);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        // {"token": ..., "expires_at": ...}: this goes to the page, the key does not.
        Console.WriteLine(body);
    }
}
