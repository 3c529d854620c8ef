use api::NewToken;
use clap::Args;
use model::{KeyId, OriginPattern, ResourceIds, Scope, TokenLife, TokenResources, TokenWish};

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Args)]
pub(super) struct Token {
    /// The key's id
    id: KeyId,
    /// A scope that it gets, of those of the key; may be given several times [default: all of the key]
    #[arg(long)]
    scope: Vec<Scope>,
    /// The web origin from which alone it may be used, such as https://shop.example
    #[arg(long)]
    origin: Option<OriginPattern>,
    /// A queue that it reaches; may be given several times [default: all that the key reaches]
    #[arg(long, value_name = "QUEUE_ID")]
    queue: Vec<String>,
    /// How long it works: 90s, 15m or 1h [default: 15m]
    #[arg(long, value_name = "TIME")]
    expires_in: Option<TokenLife>,
    #[command(flatten)]
    format: Format,
}

impl Token {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let operator = context.operator().await?;
        let zone = context.time_zone(None).await?;
        let queues = if self.queue.is_empty() { None } else { Some(ResourceIds::try_from(self.queue)) };
        let queues = queues.transpose().map_err(|error| Failed::new(format!("--queue {error}.")))?;
        let wish = TokenWish {
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            origin: self.origin,
            expires_in: self.expires_in.unwrap_or_default(),
            resources: queues.map(TokenResources::queues),
            limits: None,
        };
        let made = context.keydesk.make_token(&operator, self.id, wish).await?;
        let otherwise = "a token was made, but it could not be printed, so nobody has it: make another";
        output.once(otherwise, |output| {
            if self.format.json {
                return Ok(output.json(&NewToken::from(&made))?);
            }
            let scopes = super::spaced(&made.claims.scope);
            Ok(output.pairs(&[
                ("Token", made.token.expose()),
                ("Scopes", if scopes.is_empty() { "none" } else { &scopes }),
                ("Until", &zone.words(made.claims.expires_at())),
            ])?)
        })
    }
}
