const FILTERS_HELP = `Which dead letters (all conditions must hold):
  <id> …                       by id, <partition>:<offset> as list shows it
  --event <id>                 by event id, such as evt_1ABC
  --type <type>                by event type; com.stripe. may be left out, * ends a beginning
  --reason <reason>            by its reason, such as rejected or unreadable
  --payment-intent <id>        by partition key: the PaymentIntent id
  --older-than <time>          made before: a duration (90s, 30m, 12h, 7d) or an ISO date (UTC)
  --newer-than <time>          made after
  --offsets <p>:<from>-<to>    a range of offsets in one partition, both ends included
`;

/** The last options of the commands that change dead letters. */
const CHANGE_HELP = `  --dry-run                    show what would be done, and do nothing
  --yes                        do not ask; needed where there is no terminal, as in a Job
  --rate <n>                   at most n per second; default 50
  --by <name>                  who does it, for the audit trail; default <user>@<host>
  --json                       one JSON object at the end
  -h, --help                   this text`;

/** The text of `--help` by command; the empty name has that of redrive itself. */
export const REDRIVE_HELP = {
  '': `redrive: the dead letters of payments.events, and what to do about them

A dead letter is an event that could not be applied, kept with its reason so that the events
behind it could go on. It is not lost, but its payment may be out of date until it is redriven.

Usage: redrive <command> [options]

  list      the dead letters that wait, oldest first
  show      one of them with its headers and its content
  redrive   put them back on the topic they came from, to be applied again
  discard   mark them as not to be applied, with a reason

Try: redrive list --help

Configuration: KAFKA_BROKERS and the other KAFKA_* variables, as the services have them.
Exit code: 0 when everything selected was done, 1 when not, 64 for a command line that makes no
sense, 78 for a wrong configuration.
`,
  list: `redrive list: the dead letters that wait, oldest first

Usage: redrive list [<id> …] [options]

${FILTERS_HELP}
  --all                        also those already redriven or discarded, with what was done
  --limit <n>                  show at most n; default 100
  --json                       one JSON object
  -h, --help                   this text

Example: what was refused in the last day
  redrive list --reason rejected --newer-than 1d
`,
  show: `redrive show: one dead letter with its headers, its error and its content

Usage: redrive show <id> [options]

  --raw                        the content as it is; without it personal data and secrets are hidden
  --json                       one JSON object
  -h, --help                   this text

Example:
  redrive show 3:14
`,
  redrive: `redrive redrive: puts dead letters back on the topic they came from

Key, content and headers stay as they were; an event that the ledger has already changes nothing.
A dead letter is marked only once Kafka has acknowledged its event, so that an interrupted run can
be repeated. On a terminal it asks first.

Usage: redrive redrive <id> … | <conditions> | --everything [options]

${FILTERS_HELP}
  --everything                 all that wait
  --again                      also those already redriven or discarded
${CHANGE_HELP}

Example: once the ledger's permissions are fixed
  redrive redrive --reason rejected --type 'charge.*' --dry-run
  redrive redrive --reason rejected --type 'charge.*' --yes
`,
  discard: `redrive discard: marks dead letters as not to be applied

They are listed no more, nor redriven unless --again asks for it, and stay in the topic until its
retention ends. On a terminal it asks first.

Usage: redrive discard <id> … | <conditions> | --everything --because <text> [options]

${FILTERS_HELP}
  --everything                 all that wait
  --because <text>             why, for the audit trail; no personal data
${CHANGE_HELP}

Example:
  redrive discard 3:14 --because 'test payment of a project that was deleted'
`,
} as const;
