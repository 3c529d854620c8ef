using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;

class Export
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    static async Task Main()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var today = DateTime.UtcNow.Date;
        var day = $"from={today.AddDays(-1):s}Z&to={today:s}Z";
        // ResponseHeadersRead: the table goes to the file as it comes, and is never whole in memory.
        var address = $"{Gateway}/v1/data/calls?format=parquet&{day}";
        var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        if (!answer.IsSuccessStatusCode) throw new Exception(await answer.Content.ReadAsStringAsync());
        using (var file = File.Create("calls.parquet"))
        {
            await answer.Content.CopyToAsync(file);
            // A Parquet file ends with these four bytes: without them the transfer was cut.
            var end = new byte[4];
            file.Seek(-4, SeekOrigin.End);
            file.Read(end, 0, 4);
            Console.WriteLine(Encoding.ASCII.GetString(end) == "PAR1" ? "complete" : "cut");
        }
    }
}
