/**
 * Tells a settler of a paper until its signed answer says that it has noted it; the answer is kept beside it. What
 * is noted is told once more after each connect: a settler that was restored from an old copy does not know it.
 */

import { equalBytes, toHex } from '../../schemas/bytes.ts';
import { idOf } from '../../schemas/identity.ts';
import { openNoted } from '../../schemas/noted.ts';
import type { Paper } from './papers.ts';
import { type OwnerPorts, settlerTopicFor } from './ports.ts';
import type { Asking } from './questions.ts';

/** `place`: the channel or key whose shard takes it. */
export const noteUntilNoted = (
  ports: OwnerPorts,
  paper: Paper,
  settler: Uint8Array,
  place: Uint8Array,
  asking: (signed: Uint8Array) => Asking,
): void => {
  const [signed, noted, ...more] = paper.objects;
  if (signed == null) return;
  const hash = ports.crypto.sha256(signed);
  ports.questions.ask(`${paper.kind} ${toHex(paper.key)}`, {
    topic: settlerTopicFor(ports, place),
    from: idOf(settler, ports.crypto.sha256),
    asking: asking(signed),
    take: (answer) => {
      if (answer.kind !== 'noted') return false;
      const opened = openNoted(answer.parts[0], settler, ports.crypto.verify);
      if (!opened.ok || !equalBytes(opened.value.hash, hash)) return false;
      if (noted != null) return true;
      const objects = [signed, answer.parts[0], ...more];
      const kept = ports.papers.put({ ...paper, objects });
      if (!kept.ok) ports.notice(kept.code, kept.detail);
      return true;
    },
    refused: (code, detail) =>
      ports.notice(code ?? 'object-malformed', `settler, on a ${paper.kind}: ${detail}`),
  });
};
