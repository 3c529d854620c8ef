using System;
using System.IO;
using System.Net;
using System.Text;
using System.Threading.Tasks;

// Contacts, for keys that may read them. Keydesk is asked as a proxy asks it, and what it says of a refusal is passed on.
static class Service
{
    static string Given(string name, string otherwise) => Environment.GetEnvironmentVariable(name) ?? otherwise;

    static HttpWebResponse Ask(HttpListenerRequest call)
    {
        var question = WebRequest.CreateHttp(Given("KEYDESK_URL", "http://127.0.0.1:3000") + "/authz?scope=contacts:read");
        question.Proxy = null;
        question.Timeout = question.ReadWriteTimeout = 2000;
        question.Headers["Authorization"] = call.Headers["Authorization"];
        question.Headers["X-Forwarded-For"] = call.RemoteEndPoint.Address.ToString();
        try { return (HttpWebResponse)question.GetResponse(); }
        catch (WebException refused) when (refused.Response != null) { return (HttpWebResponse)refused.Response; }
    }

    static void Contacts(HttpListenerContext call)
    {
        var response = call.Response;
        try
        {
            string said;
            var answer = Ask(call.Request);
            // Closed when it is read: few connections to one server may be open at once.
            using (var reader = new StreamReader(answer.GetResponseStream())) said = reader.ReadToEnd();
            var key = answer.Headers["X-Keydesk-Key-Id"];
            var allowed = answer.StatusCode == HttpStatusCode.OK && key != null;
            if (!allowed && (int)answer.StatusCode / 100 != 4) throw new WebException("Keydesk decides nothing");
            if (allowed) said = "{\"items\": [], \"key_id\": \"" + key + "\"}";
            response.StatusCode = (int)answer.StatusCode;
            foreach (var name in new[] { "WWW-Authenticate", "Retry-After" })
                if (answer.Headers[name] != null) response.AddHeader(name, answer.Headers[name]);
            response.ContentType = allowed ? "application/json" : answer.ContentType;
            response.Close(Encoding.UTF8.GetBytes(said), true);
        }
        catch (Exception) // Whoever can't be checked is not let in.
        {
            response.StatusCode = 503;
            response.AddHeader("Retry-After", "1");
            response.Close();
        }
    }

    static void Main()
    {
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + Given("PORT", "8000") + "/contacts/");
        listener.Start();
        while (true)
        {
            var call = listener.GetContext();
            Task.Run(() => Contacts(call));
        }
    }
}
