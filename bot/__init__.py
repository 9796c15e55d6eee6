"""A help-by-message bot: a question comes in, a short, sourced answer and a number to call go out.

Rooms, bottom-up; a module imports only from rooms above it in this list:

    faq           what a Topic, Source, Helpline, Emergency and the whole Faq are (frozen models, no I/O)
    content       a folder of YAML becomes a Faq, or every problem in it with file and line
    text          makes two spellings of one question equal
    meaning       what words mean, as vectors
    matching      a question becomes a verdict: Certain, Ambiguous or Unknown
    opinion       a small linear classifier: the safety gate's second opinion
    safety        recognises the messages that must not wait for a match
    replies       what the bot can say: Reply, Button, Event, and how they are put together
    memory        what is known of a chat for ten minutes: a value that turns take and give back
    conversation  one incoming message in, one Turn (reply and events) out
    settings      environment and .env become Settings
    feedback      counts what was asked and what helped, without who
    review        reads the content as an editor would: what `check` reports beyond the schema
    evaluation    measures a FAQ on labelled messages: what `eval` reports
    fitted        keeps what the matcher learned between two starts
    console       the conversation in a terminal
    delivery      sends again after a fault, confirms an update only when it is answered
    transport     HTTP to Telegram
    metrics       counts turns, errors and seconds, without who
    telegram_app  the conversation on Telegram
    webhook       updates that Telegram brings over HTTP
    service       the running bot: signals, new content, polling or webhook
    __main__      the command line; the only place where everything is put together

Five rules: the core decides and the shell acts; imports only go up this list; every word a person reads is content
in `faq/`, never code; the safety gate runs before matching; nothing about a person is kept.
"""

__version__ = "0.1.0"
