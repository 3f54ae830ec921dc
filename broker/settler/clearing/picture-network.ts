/**
 * One network as a picture: owners on a circle, debtors of the whole at the bottom, creditors at the top, a debt
 * as a curve from debtor to creditor, wider for more. All coordinates are integers, tenths of a pixel.
 */

export type PictureDebt = { readonly debtor: number; readonly creditor: number; readonly nano: bigint };
export type PictureOwner = {
  readonly name: string;
  readonly grossNano: bigint;
  /** Due less owed, which clearing does not change. */
  readonly netNano: bigint;
};
export type Scale = { readonly debtNanoMax: bigint; readonly grossNanoMax: bigint };

const byGross = (a: PictureOwner, b: PictureOwner): number =>
  a.grossNano > b.grossNano ? -1 : a.grossNano < b.grossNano ? 1 : 0;

type Point = { readonly x: number; readonly y: number };

const RADIUS = 1950;
const LABEL_GAP = 60;
/** Up to so many owners get arrowheads and all their names; of more, the largest get names. */
const FEW_OWNERS = 40;
const LABELS_MAX = 24;
/** Names of so many owners stand upright; those of more turn with the circle. */
const UPRIGHT_OWNERS = 12;
/** Turned names that are closer than this, in degrees, would lie on each other. */
const LABEL_DEGREES_MIN = 4;
const LABEL_CHARS_MAX = 18;

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    // Characters that XML cannot hold.
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

const shortened = (name: string): string => {
  const letters = [...name];
  return letters.length <= LABEL_CHARS_MAX ? name : letters.slice(0, LABEL_CHARS_MAX - 1).join('') + '…';
};

/** 0 to `most`, by the square root, so that the small ones are seen beside the large. */
const rooted = (nano: bigint, nanoMax: bigint, most: number): number =>
  nanoMax === 0n ? 0 : Math.round((Math.sqrt(Number((nano * 1_000_000n) / nanoMax)) * most) / 1000);

/** From the top clockwise; owners are spread evenly. */
const angleOf = (owner: number, owners: number): number => (2 * Math.PI * owner) / owners;
const onCircle = (centre: Point, radius: number, angle: number): Point => ({
  x: Math.round(centre.x + radius * Math.sin(angle)),
  y: Math.round(centre.y - radius * Math.cos(angle)),
});

/** Towards the middle of the circle, the closer the farther apart they are, and always to the right of its way. */
const bend = (from: Point, to: Point, centre: Point): Point => {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  return {
    x: Math.round(middle.x + (centre.x - middle.x) / 2 - (to.y - from.y) / 12),
    y: Math.round(middle.y + (centre.y - middle.y) / 2 + (to.x - from.x) / 12),
  };
};

const towards = (from: Point, to: Point, by: number): Point => {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return {
    x: Math.round(from.x + ((to.x - from.x) * by) / length),
    y: Math.round(from.y + ((to.y - from.y) * by) / length),
  };
};

const arrowHead = (tip: Point, from: Point, size: number): string => {
  const base = towards(tip, from, size);
  const across = { x: Math.round((tip.y - base.y) / 2), y: Math.round((base.x - tip.x) / 2) };
  const points = [
    [tip.x, tip.y],
    [base.x + across.x, base.y + across.y],
    [base.x - across.x, base.y - across.y],
  ];
  return `<polygon points="${points.join(' ')}"/>`;
};

const dotRadius = (owner: PictureOwner, scale: Scale, few: boolean): number =>
  (few ? 40 : 8) + rooted(owner.grossNano, scale.grossNanoMax, few ? 90 : 50);

const label = (owner: PictureOwner, centre: Point, angle: number, dot: number, upright: boolean): string => {
  const { x, y } = onCircle(centre, RADIUS + dot + LABEL_GAP, angle);
  const name = escapeXml(shortened(owner.name));
  const isLeft = angle > Math.PI;
  const side = isLeft ? 'end' : 'start';
  if (upright) {
    const isPole = Math.abs(x - centre.x) < 100;
    const anchor = isPole ? 'middle' : side;
    const down = y > centre.y ? 110 : 0;
    return `<text x="${x}" y="${y + (isPole ? down : 40)}" text-anchor="${anchor}">${name}</text>`;
  }
  const degrees = Math.round((angle * 180) / Math.PI) - (isLeft ? -90 : 90);
  return `<text x="${x}" y="${y}" text-anchor="${side}" transform="rotate(${degrees} ${x} ${y})" dy="40">${name}</text>`;
};

/** The largest owners, none so close to a larger one that their names would touch. */
const namedOwners = (owners: readonly PictureOwner[]): number[] => {
  const apart = (a: number, b: number): number => {
    const between = (Math.abs(a - b) * 360) / owners.length;
    return Math.min(between, 360 - between);
  };
  const named: number[] = [];
  const order = owners.map((_, i) => i).sort((a, b) => byGross(owners[a]!, owners[b]!));
  for (const i of order) {
    if (named.length === (owners.length <= FEW_OWNERS ? FEW_OWNERS : LABELS_MAX)) break;
    if (named.every((other) => apart(i, other) >= LABEL_DEGREES_MIN)) named.push(i);
  }
  return named;
};

/** The network round `centre`; `scale` is that of all pictures to be compared. */
export const drawNetwork = (
  owners: readonly PictureOwner[],
  debts: readonly PictureDebt[],
  centre: Point,
  scale: Scale,
): string => {
  const few = owners.length <= FEW_OWNERS;
  const places = owners.map((_, i) => onCircle(centre, RADIUS, angleOf(i, owners.length)));
  const dots = owners.map((owner) => dotRadius(owner, scale, few));
  const curves = debts.map(({ debtor, creditor, nano }) => {
    const width = (few ? 8 : 3) + rooted(nano, scale.debtNanoMax, few ? 90 : 40);
    const via = bend(places[debtor]!, places[creditor]!, centre);
    const start = towards(places[debtor]!, via, dots[debtor]!);
    const tip = towards(places[creditor]!, via, dots[creditor]! + 15);
    const size = few ? 70 + 2 * width : 0;
    const end = towards(tip, via, Math.max(0, size - 10));
    const path = `<path d="M${start.x} ${start.y}Q${via.x} ${via.y} ${end.x} ${end.y}" stroke-width="${width}"/>`;
    return few ? path + arrowHead(tip, via, size) : path;
  });
  const circles = owners.map((owner, i) => {
    const kind = owner.netNano > 0n ? 'creditor' : owner.netNano < 0n ? 'debtor' : 'even';
    const { x, y } = places[i]!;
    return `<circle class="${kind}" cx="${x}" cy="${y}" r="${dots[i]}"><title>${escapeXml(owner.name)}</title></circle>`;
  });
  const upright = owners.length <= UPRIGHT_OWNERS;
  const names = namedOwners(owners).map((i) =>
    label(owners[i]!, centre, angleOf(i, owners.length), dots[i]!, upright),
  );
  return [
    `<g class="debts ${few ? 'few' : 'many'}">${curves.join('')}</g>`,
    `<g class="owners ${few ? 'few' : 'many'}">${circles.join('')}</g>`,
    `<g class="names">${names.join('')}</g>`,
  ].join('\n');
};
