import kafkajs from 'kafkajs';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/**
 * Name and encoding are those of kafkajs: members of earlier releases, which run on kafkajs, share a group with this
 * one.
 */
const PROTOCOL = 'RoundRobinAssigner';
const VERSION = 0;
const NOTHING = Buffer.alloc(0);

/** The metadata that a member sends when it joins. */
export const subscriptionTo = (topic: string) => ({
  name: PROTOCOL,
  metadata: MemberMetadata.encode({ version: VERSION, topics: [topic], userData: NOTHING }),
});

/** Assigns the partitions 0 to `partitions` - 1 of `topic` to the members in turn. */
export function assign(memberIds: readonly string[], topic: string, partitions: number) {
  const sorted = memberIds.toSorted();
  return sorted.map((memberId, place) => {
    const mine: number[] = [];
    for (let partition = place; partition < partitions; partition += sorted.length) mine.push(partition);
    const assignment = mine.length > 0 ? { [topic]: mine } : {};
    return { memberId, memberAssignment: MemberAssignment.encode({ version: VERSION, assignment, userData: NOTHING }) };
  });
}

/** The partitions of `topic` in a member's assignment. */
export const partitionsIn = (memberAssignment: Buffer, topic: string): number[] =>
  memberAssignment.length > 0 ? (MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? []) : [];
