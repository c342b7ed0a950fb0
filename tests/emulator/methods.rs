//! The methods of the Bot API: what each checks, does and answers.
//!
//! Called by `server` with the state locked; `getUpdates`, which waits, is in `server`. Error
//! texts are those of the Bot API server (telegram-bot-api and TDLib sources) unless said
//! otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    body::{Body, Upload},
    html::{self, Formatted},
    picture::{self, Unfit},
    state::State,
    view::{Answer, Button, Message},
    webhook,
};

/// Every method that the emulator answers, as the Bot API writes it.
const METHODS: [&str; 24] = [
    "getUpdates",
    "getMe",
    "getWebhookInfo",
    "setWebhook",
    "deleteWebhook",
    "sendMessage",
    "sendDocument",
    "sendPhoto",
    "sendChatAction",
    "editMessageText",
    "editMessageReplyMarkup",
    "deleteMessage",
    "answerCallbackQuery",
    "setMyCommands",
    "getMyCommands",
    "deleteMyCommands",
    "setMyDescription",
    "getMyDescription",
    "setMyShortDescription",
    "getMyShortDescription",
    "setMyName",
    "getMyName",
    "setChatMenuButton",
    "close",
];

const LONGEST_TEXT: usize = 4096;
const LONGEST_CAPTION: usize = 1024;
const LONGEST_NOTICE: usize = 200;
const LONGEST_DATA_BYTES: usize = 64;
const MOST_BUTTONS: usize = 100;
const LARGEST_MARKUP_BYTES: usize = 10 * 1024;
const DELETABLE_FOR: Duration = Duration::from_secs(48 * 3600);

/// An answer of the Bot API.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// Success with a result.
    pub fn ok(result: Value) -> Self {
        let body = json!({ "ok": true, "result": result });
        Reply { status: 200, body }
    }

    /// A refusal in Telegram's form.
    pub fn error(status: u16, description: &str) -> Self {
        let body = json!({ "ok": false, "error_code": status, "description": description });
        Reply { status, body }
    }

    /// 429, with the seconds to wait.
    pub fn flood(retry_after: u32) -> Self {
        let description = format!("Too Many Requests: retry after {retry_after}");
        let mut reply = Reply::error(429, &description);
        reply.body["parameters"] = json!({ "retry_after": retry_after });
        reply
    }

    /// 400, with the chat that the group became.
    pub fn migrated(to: i64) -> Self {
        let mut reply = Reply::error(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
        );
        reply.body["parameters"] = json!({ "migrate_to_chat_id": to });
        reply
    }
}

/// The name of a method as the Bot API writes it, however the bot wrote it.
pub fn canonical(method: &str) -> Option<&'static str> {
    let mut methods = METHODS.into_iter();
    methods.find(|known| known.eq_ignore_ascii_case(method))
}

/// The chat that a request is about.
pub fn chat_of(state: &State, method: &str, body: &Body) -> Option<i64> {
    if method == "answerCallbackQuery" {
        let query = body.text("callback_query_id");
        let mut presses = state.presses.iter().rev();
        presses
            .find(|press| press.query == query)
            .map(|press| press.chat)
    } else {
        body.number("chat_id")
    }
}

/// Carries a call out.
pub fn call(state: &mut State, method: &str, body: &Body) -> Reply {
    let done = match method {
        "getMe" => Ok(get_me(state)),
        "getWebhookInfo" => Ok(webhook::info(state)),
        "setWebhook" => webhook::set(state, body.text("url"), body),
        "deleteWebhook" => webhook::set(state, "", body),
        "sendMessage" => send_message(state, body),
        "sendDocument" => send_file(state, body, "document"),
        "sendPhoto" => send_file(state, body, "photo"),
        "sendChatAction" => chat_to_write(state, body).map(|_| json!(true)),
        "editMessageText" => edit_text(state, body),
        "editMessageReplyMarkup" => edit_markup(state, body),
        "deleteMessage" => delete_message(state, body),
        "answerCallbackQuery" => answer(state, body),
        "setMyCommands" => set_commands(state, body),
        "getMyCommands" => Ok(get_commands(state, body)),
        "deleteMyCommands" => {
            state.commands.remove(&command_key(body));
            Ok(json!(true))
        }
        "setMyDescription" => set_profile(state, body, "description", 512),
        "getMyDescription" => Ok(get_profile(state, body, "description")),
        "setMyShortDescription" => set_profile(state, body, "short_description", 120),
        "getMyShortDescription" => Ok(get_profile(state, body, "short_description")),
        "setMyName" => set_profile(state, body, "name", 64),
        "getMyName" => Ok(get_profile(state, body, "name")),
        "setChatMenuButton" | "close" => Ok(json!(true)),
        _ => Err(Reply::error(404, "Not Found")),
    };
    match done {
        Ok(result) => Reply::ok(result),
        Err(refusal) => refusal,
    }
}

type Done = Result<Value, Reply>;

/// 400, with Telegram's words for what is wrong.
pub fn bad(description: impl AsRef<str>) -> Reply {
    Reply::error(400, &format!("Bad Request: {}", description.as_ref()))
}

fn get_me(state: &State) -> Value {
    let mut me = state.bot();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(false);
    me["supports_inline_queries"] = json!(false);
    me["can_connect_to_business"] = json!(false);
    me["has_main_web_app"] = json!(false);
    me
}

/// The chat of a request, if the bot may write there.
fn chat_to_write(state: &State, body: &Body) -> Result<i64, Reply> {
    if body.get("chat_id").is_none() {
        return Err(bad("chat_id is empty"));
    }
    let chat = body.number("chat_id").and_then(|id| state.chats.get(&id));
    match chat {
        Some(chat) if chat.blocked => {
            Err(Reply::error(403, "Forbidden: bot was blocked by the user"))
        }
        Some(chat) if chat.started => Ok(chat.id),
        _ => Err(bad("chat not found")),
    }
}

fn formatted(body: &Body, field: &str, entities: &str) -> Result<Formatted, Reply> {
    let text = body.text(field);
    let formatted = match body.text("parse_mode").to_lowercase().as_str() {
        "" | "none" => Formatted {
            text: text.to_owned(),
            entities: body
                .get(entities)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        },
        "html" => {
            html::parse(text).map_err(|problem| bad(format!("can't parse entities: {problem}")))?
        }
        _ => return Err(bad("unsupported parse_mode (the emulator knows HTML only)")),
    };
    Ok(html::trimmed(formatted))
}

fn text_to_send(body: &Body, too_long: &str) -> Result<Formatted, Reply> {
    if body.text("text").is_empty() {
        return Err(bad("message text is empty"));
    }
    let formatted = formatted(body, "text", "entities")?;
    if formatted.text.is_empty() {
        return Err(bad("text must be non-empty"));
    }
    if formatted.text.chars().count() > LONGEST_TEXT {
        return Err(bad(too_long));
    }
    Ok(formatted)
}

fn keyboard(body: &Body) -> Result<(Option<Value>, Vec<Vec<Button>>), Reply> {
    let Some(markup) = body.get("reply_markup").cloned() else {
        return Ok((None, Vec::new()));
    };
    if !markup.is_object() {
        return Err(bad("object expected as reply markup"));
    }
    let Some(rows) = markup.get("inline_keyboard") else {
        return Ok((Some(markup), Vec::new()));
    };
    let wrong =
        || bad("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays");
    let mut keyboard = Vec::new();
    for row in rows.as_array().ok_or_else(wrong)? {
        let row = row.as_array().ok_or_else(wrong)?;
        let row: Vec<_> = row.iter().map(button).collect::<Result<_, _>>()?;
        if !row.is_empty() {
            keyboard.push(row);
        }
    }
    let buttons = keyboard.iter().flatten().count();
    if buttons > MOST_BUTTONS || markup.to_string().len() > LARGEST_MARKUP_BYTES {
        return Err(bad("reply markup is too long"));
    }
    Ok(((buttons > 0).then_some(markup), keyboard))
}

/// Reads a button. A label without text is refused, where Telegram drops the button in silence.
fn button(button: &Value) -> Result<Button, Reply> {
    let field = |name: &str| button.get(name).and_then(Value::as_str).map(str::to_owned);
    let given = |name: &str| field(name).filter(|text| !text.is_empty());
    let parse = |problem: &str| bad(format!("can't parse inline keyboard button: {problem}"));
    let label = field("text").ok_or_else(|| parse("Can't find field \"text\""))?;
    if label.trim().is_empty() {
        return Err(bad("inline keyboard button text must be non-empty"));
    }
    let (data, url) = (given("callback_data"), given("url"));
    let other = ["copy_text", "web_app", "switch_inline_query", "login_url"];
    if data.is_none() && url.is_none() && !other.iter().any(|kind| button.get(kind).is_some()) {
        return Err(parse("Text buttons are unallowed in the inline keyboard"));
    }
    if data
        .as_ref()
        .is_some_and(|data| data.len() > LONGEST_DATA_BYTES)
    {
        return Err(bad("BUTTON_DATA_INVALID"));
    }
    Ok(Button { label, data, url })
}

fn check_reply(state: &State, chat: i64, body: &Body) -> Result<(), Reply> {
    let Some(reply) = body.get("reply_parameters") else {
        return Ok(());
    };
    let message = reply["message_id"].as_i64().unwrap_or_default();
    let known = state.message(chat, message);
    let optional = reply["allow_sending_without_reply"] == json!(true);
    if optional || known.is_some_and(|known| !known.deleted) {
        Ok(())
    } else {
        Err(bad("message to be replied not found"))
    }
}

fn send_message(state: &mut State, body: &Body) -> Done {
    let formatted = text_to_send(body, "message is too long")?;
    let (markup, keyboard) = keyboard(body)?;
    let chat = chat_to_write(state, body)?;
    check_reply(state, chat, body)?;
    let sent = state.add_message(Message {
        chat,
        text: formatted.text,
        source: body.text("text").to_owned(),
        entities: formatted.entities,
        keyboard,
        markup,
        ..Message::default()
    });
    Ok(state.as_message(&sent))
}

fn send_file(state: &mut State, body: &Body, kind: &str) -> Done {
    let caption = formatted(body, "caption", "caption_entities")?;
    if caption.text.chars().count() > LONGEST_CAPTION {
        return Err(bad("message caption is too long"));
    }
    let (markup, keyboard) = keyboard(body)?;
    let chat = chat_to_write(state, body)?;
    let by_id = || state.files.get(body.text(kind));
    let Some(upload) = body.upload(kind).or_else(by_id).cloned() else {
        let named = body.get(kind).is_some();
        return Err(bad(if named {
            "wrong file identifier/HTTP URL specified".to_owned()
        } else {
            format!("there is no {kind} in the request")
        }));
    };
    if upload.bytes.is_empty() {
        return Err(bad("file must be non-empty"));
    }
    let field = match kind {
        "photo" => photo_field(state, &upload)?,
        _ => document_field(state, &upload),
    };
    let file_id = file_id(state, kind);
    let mut sent = Message {
        chat,
        text: caption.text,
        source: body.text("caption").to_owned(),
        entities: caption.entities,
        keyboard,
        markup,
        ..Message::default()
    };
    sent.extra.insert(kind.to_owned(), field);
    state.files.insert(file_id, upload.clone());
    sent.document = Some(upload);
    let sent = state.add_message(sent);
    Ok(state.as_message(&sent))
}

fn file_id(state: &State, kind: &str) -> String {
    format!("{kind}{}", state.next_message)
}

fn document_field(state: &State, upload: &Upload) -> Value {
    let file_id = file_id(state, "document");
    json!({
        "file_id": file_id,
        "file_unique_id": format!("unique-{file_id}"),
        "file_size": upload.bytes.len(),
        "file_name": upload.name,
        "mime_type": upload.mime,
    })
}

/// The sizes of a photo, the smallest first. The texts of refusals are as remembered, not looked up. The file of the largest is the one that can be sent
/// again; Telegram makes the others.
fn photo_field(state: &State, upload: &Upload) -> Result<Value, Reply> {
    let (width, height) = picture::size(&upload.bytes).map_err(|unfit| match unfit {
        Unfit::TooBig => bad(format!(
            "file of size {} bytes is too big for a photo; the maximum size is {} bytes",
            upload.bytes.len(),
            picture::LARGEST_BYTES
        )),
        Unfit::NoPicture => bad("IMAGE_PROCESS_FAILED"),
        Unfit::Dimensions => bad("PHOTO_INVALID_DIMENSIONS"),
    })?;
    let largest = file_id(state, "photo");
    let sizes = picture::shown(width, height).into_iter().rev().enumerate();
    let mut sizes: Vec<Value> = sizes
        .map(|(smaller, (width, height))| {
            let file_id = match smaller {
                0 => largest.clone(),
                _ => format!("{largest}-smaller-{smaller}"),
            };
            json!({
                "file_id": file_id,
                "file_unique_id": format!("unique-{file_id}"),
                "file_size": upload.bytes.len() >> (2 * smaller),
                "width": width,
                "height": height,
            })
        })
        .collect();
    sizes.reverse();
    Ok(json!(sizes))
}

/// The place in `State::messages` of the message that a request names, if it is the bot's.
fn place(state: &State, chat: i64, body: &Body, purpose: &str) -> Result<usize, Reply> {
    let id = body
        .number("message_id")
        .ok_or_else(|| bad("message identifier is not specified"))?;
    let place = state.place_of(chat, id);
    place
        .filter(|place| !state.messages[*place].deleted)
        .ok_or_else(|| bad(format!("message to {purpose} not found")))
}

fn place_to_edit(state: &State, chat: i64, body: &Body) -> Result<usize, Reply> {
    let place = place(state, chat, body, "edit")?;
    match state.messages[place].from {
        None => Ok(place),
        Some(_) => Err(bad("message can't be edited")),
    }
}

fn edit_text(state: &mut State, body: &Body) -> Done {
    let formatted = text_to_send(body, "MESSAGE_TOO_LONG")?;
    let (markup, keyboard) = inline_keyboard(body)?;
    let chat = chat_to_write(state, body)?;
    let place = place_to_edit(state, chat, body)?;
    let message = &mut state.messages[place];
    if message.document.is_some() {
        return Err(bad("there is no text in the message to edit"));
    }
    let same_text = message.text == formatted.text && message.entities == formatted.entities;
    if same_text && message.keyboard == keyboard {
        return Err(not_modified());
    }
    message.text = formatted.text;
    message.source = body.text("text").to_owned();
    message.entities = formatted.entities;
    message.keyboard = keyboard;
    message.markup = markup;
    message.edits += 1;
    state.touched.insert(chat);
    Ok(state.as_message(&state.messages[place]))
}

fn edit_markup(state: &mut State, body: &Body) -> Done {
    let (markup, keyboard) = inline_keyboard(body)?;
    let chat = chat_to_write(state, body)?;
    let place = place_to_edit(state, chat, body)?;
    let message = &mut state.messages[place];
    if message.keyboard == keyboard {
        return Err(not_modified());
    }
    message.keyboard = keyboard;
    message.markup = markup;
    message.edits += 1;
    state.touched.insert(chat);
    Ok(state.as_message(&state.messages[place]))
}

/// Edits take inline keyboards only.
fn inline_keyboard(body: &Body) -> Result<(Option<Value>, Vec<Vec<Button>>), Reply> {
    let (markup, keyboard) = keyboard(body)?;
    match &markup {
        Some(other) if other.get("inline_keyboard").is_none() => {
            Err(bad("inline keyboard expected"))
        }
        _ => Ok((markup, keyboard)),
    }
}

fn not_modified() -> Reply {
    bad(
        "message is not modified: specified new message content and reply markup are exactly the \
         same as a current content and reply markup of the message",
    )
}

fn delete_message(state: &mut State, body: &Body) -> Done {
    let chat = chat_to_write(state, body)?;
    let place = place(state, chat, body, "delete")?;
    if state.now() > state.messages[place].sent_at + DELETABLE_FOR {
        return Err(bad("message can't be deleted"));
    }
    state.messages[place].deleted = true;
    Ok(json!(true))
}

fn answer(state: &mut State, body: &Body) -> Done {
    state.expire_old_presses();
    let query = body.text("callback_query_id");
    let text = body.text("text");
    let too_old = || bad("query is too old and response timeout expired or query ID is invalid");
    let mut presses = state.presses.iter_mut().rev();
    let press = presses
        .find(|press| press.query == query)
        .ok_or_else(too_old)?;
    press.attempts += 1;
    if press.expired || press.answered {
        return Err(too_old());
    }
    if text.chars().count() > LONGEST_NOTICE {
        return Err(bad("MESSAGE_TOO_LONG"));
    }
    press.answered = true;
    state.answers.push(Answer {
        query: query.to_owned(),
        chat: press.chat,
        text: text.to_owned(),
        show_alert: body.flag("show_alert"),
    });
    Ok(json!(true))
}

fn command_key(body: &Body) -> (String, String) {
    let scope = body
        .get("scope")
        .and_then(|scope| scope["type"].as_str())
        .unwrap_or("default");
    (scope.to_owned(), body.text("language_code").to_owned())
}

/// The texts for a wrong name or description are TDLib's as remembered, not looked up.
fn set_commands(state: &mut State, body: &Body) -> Done {
    let commands = body.get("commands").and_then(Value::as_array);
    let commands = commands.ok_or_else(|| bad("can't parse commands JSON object"))?;
    if commands.len() > 100 {
        return Err(bad("BOT_COMMANDS_TOO_MUCH"));
    }
    language(body)?;
    let mut listed = Vec::new();
    for command in commands {
        let field = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
        let (name, description) = (field("command"), field("description"));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(plain) {
            return Err(bad("BOT_COMMAND_INVALID"));
        }
        if description.trim().is_empty() {
            return Err(bad("command description must be non-empty"));
        }
        if description.chars().count() > 256 {
            return Err(bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
        listed.push((name, description));
    }
    state.commands.insert(command_key(body), listed);
    Ok(json!(true))
}

fn get_commands(state: &State, body: &Body) -> Value {
    let commands = state.commands.get(&command_key(body));
    let commands = commands.into_iter().flatten();
    commands
        .map(|(command, description)| json!({ "command": command, "description": description }))
        .collect()
}

fn language(body: &Body) -> Result<String, Reply> {
    let language = body.text("language_code");
    let two_letters = language.len() == 2 && language.chars().all(|c| c.is_ascii_lowercase());
    if language.is_empty() || two_letters {
        Ok(language.to_owned())
    } else {
        Err(bad("invalid language code specified"))
    }
}

/// The text for one that is too long is the emulator's own.
fn set_profile(state: &mut State, body: &Body, field: &str, longest: usize) -> Done {
    let text = body.text(field).to_owned();
    if text.chars().count() > longest {
        return Err(bad(format!("{field} is too long")));
    }
    let language = language(body)?;
    state.profile.insert((field.to_owned(), language), text);
    Ok(json!(true))
}

fn get_profile(state: &State, body: &Body, field: &str) -> Value {
    let language = body.text("language_code").to_owned();
    let texts = &state.profile;
    let text = texts
        .get(&(field.to_owned(), language))
        .or_else(|| texts.get(&(field.to_owned(), String::new())));
    json!({ field: text.cloned().unwrap_or_default() })
}
