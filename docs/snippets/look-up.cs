using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class LookUp
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Usage: LookUp "0491 570 006"
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        // EscapeDataString keeps the + of an international number.
        var answer = await client.GetAsync($"{Gateway}/v1/contacts/lookup?phone={Uri.EscapeDataString(args[0])}");
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        foreach (var match in JObject.Parse(body)["matches"])
        {
            Console.WriteLine($"{match["contact"]["display_name"]} ({match["matched"]["how"]})");
        }
    }
}
