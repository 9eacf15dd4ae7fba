import {
  always,
  type Case,
  circuit,
  commit,
  delay,
  delayCount,
  deleted,
  fires,
  lag,
  lagOfOtherPod,
  P,
  quiet,
  rising,
  series,
} from './series.ts';

/** Alerts about consumers, dead letters and delay. */
export const KAFKA_CASES: Readonly<Record<string, readonly Case[]>> = {
  ConsumerLagHigh: [
    fires(
      'a backlog that grows, reported by two pods',
      [
        [lag(0), rising(10)],
        [lag(1), rising(10)],
        [lagOfOtherPod(0), rising(10)],
      ],
      {
        labels: { severity: 'warning', topic: 'payments.events' },
        description:
          '1.2k messages of payments.events wait for the ledger, in namespace shop. Their number does not fall.',
      },
    ),
    quiet('a backlog that shrinks', [[lag(0), '9000-50x120']]),
    quiet('a small one', [[lag(0), always(100)]]),
  ],
  ConsumerStalled: [
    fires(
      'events wait and nothing is committed',
      [
        [lag(0), always(3)],
        [commit, always(600)],
      ],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '3 messages of payments.events wait, and no offset was committed for more than 300 s, in namespace shop.',
      },
    ),
    fires('events wait and nothing was ever committed', [[lag(0), always(3)]], {
      labels: { severity: 'critical', topic: 'payments.events' },
      description:
        '3 messages of payments.events wait, and no offset was committed for more than 300 s, in namespace shop.',
    }),
    quiet('a busy ledger', [
      [lag(0), always(3)],
      [commit, rising(60)],
    ]),
    // LedgerCircuitOpen reports this, with the reason.
    quiet('a ledger that holds its events on purpose', [
      [lag(0), always(3)],
      [commit, always(600)],
      [circuit('commercetools'), always(1)],
    ]),
    quiet('no work for an hour', [
      [lag(0), always(0)],
      [commit, always(0)],
    ]),
  ],
  ConsumerNotInGroup: [
    fires(
      'one pod of two',
      [
        [series('ledger', `${P}consumer_group_joined`, { group: 'ledger' }), always(0)],
        [series('ledger', `${P}consumer_group_joined`, { group: 'ledger', pod: 'pay-ledger-2' }), always(1)],
      ],
      {
        labels: { severity: 'warning', pod: 'pay-ledger-1', group: 'ledger' },
        description:
          'pay-ledger-1 has not been a member of the consumer group ledger for more than 5 minutes, in namespace shop.',
      },
    ),
    quiet('a rebalance', [[series('ledger', `${P}consumer_group_joined`, { group: 'ledger' }), '1+0x57 0+0x2 1+0x60']]),
  ],
  ConsumerRebalancingOften: [
    fires(
      'a join every three minutes',
      [
        [
          series('ledger', `${P}consumer_rebalances_total`, { group: 'ledger' }),
          '0+0x2 1+0x2 2+0x2 3+0x2 4+0x2 5+0x2 6+0x2 7+0x2 8+0x2 9+0x2 10+0x2 11+0x2 12+0x2 13+0x2 14+0x2 15+0x2 16+0x2 17+0x2 18+0x2 19+0x2 20+0x2',
        ],
      ],
      {
        labels: { severity: 'warning', group: 'ledger' },
        description: 'A pod joined the consumer group ledger 10 times in the last 30 minutes, in namespace shop.',
      },
    ),
    quiet('a rollout', [
      [series('ledger', `${P}consumer_rebalances_total`, { group: 'ledger' }), '1+0x30 2+0x2 3+0x2 4+0x60'],
    ]),
  ],
  RecordsDeletedUnread: [
    fires(
      'a ledger that starts finds messages deleted',
      [[deleted('1'), `_x30 ${always(80)}`]],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '80 messages of payments.events were deleted before the ledger read them, in namespace shop. The ledger has asked reconcile to read these events from Stripe again.',
      },
      40,
    ),
    fires(
      'messages are deleted while the ledger runs',
      [[deleted('1'), `${always(0, 60)} ${always(60, 60)}`]],
      {
        labels: { severity: 'critical', topic: 'payments.events' },
        description:
          '60 messages of payments.events were deleted before the ledger read them, in namespace shop. The ledger has asked reconcile to read these events from Stripe again.',
      },
      70,
    ),
    quiet('none', [[deleted('1'), always(0)]]),
    quiet('messages were deleted hours ago', [[deleted('1'), always(80, 300)]], 240),
  ],
  DeadLettersPresent: [
    fires(
      'two dead letters, reported by two pods',
      [
        [series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq' }), always(2)],
        [series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq', pod: 'pay-ledger-2' }), always(2)],
      ],
      {
        labels: { severity: 'warning', topic: 'payments.events.dlq' },
        description: '2 dead letters wait on payments.events.dlq, in namespace shop. They are kept for 30 days.',
      },
    ),
    quiet('none', [[series('ledger', `${P}dlq_depth`, { topic: 'payments.events.dlq' }), always(0)]]),
  ],
  LedgerCircuitOpen: [
    fires(
      'Stripe is down and commercetools works',
      [
        [circuit('stripe'), always(1)],
        [circuit('commercetools'), always(0)],
      ],
      {
        labels: { severity: 'critical', dependency: 'stripe' },
        description:
          'A pod of the ledger has held the events that need stripe for more than 5 minutes, because calls to it fail for one payment after another, in namespace shop. No event is lost, but these events are not recorded.',
      },
    ),
    quiet('a hiccup of three minutes', [[circuit('commercetools'), '0+0x56 1+0x2 0+0x60']]),
  ],
  KeysParked: [
    fires(
      'one payment that fails',
      [
        [series('ledger', `${P}ledger_parked_keys`), always(1)],
        [circuit('stripe'), always(0)],
      ],
      {
        labels: { severity: 'warning' },
        description:
          '1 payments wait for a retry, in namespace shop. After 15 minutes their events become dead letters, unless the cause is our key or a limit of calls.',
      },
    ),
    quiet('all payments fail: another alert fires', [
      [series('ledger', `${P}ledger_parked_keys`), always(40)],
      [circuit('stripe'), always(1)],
    ]),
  ],
  LedgerDelayHigh: [
    fires(
      'one event in ten takes minutes',
      [
        [delay('60'), rising(90)],
        [delay('120'), rising(90)],
        [delay('300'), rising(100)],
        [delay('+Inf'), rising(100)],
        [delayCount, rising(100)],
      ],
      {
        labels: { severity: 'warning' },
        description: 'One event in twenty takes 3m 29s or longer from Stripe to commercetools, in namespace shop.',
      },
    ),
    quiet('all take less than a second', [
      [delay('1'), rising(100)],
      [delay('+Inf'), rising(100)],
      [delayCount, rising(100)],
    ]),
  ],
};
