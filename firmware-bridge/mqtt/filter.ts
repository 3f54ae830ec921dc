/** Topics and filters of MQTT 3.1.1 (section 4.7). */

/** MQTT allows 65,535 bytes; the longest of real devices have a hundred. UTF-16 units. */
const TOPIC_LENGTH_MAX = 256;

const isText = (text: string): boolean =>
  text.length > 0 && text.length <= TOPIC_LENGTH_MAX && !text.includes('\0');

/** Whether one may publish to it. */
export const isTopic = (text: string): boolean => isText(text) && !/[+#]/.test(text);

/** Whether one may subscribe to it: "+" and "#" are levels of their own, "#" is the last. */
export const isFilter = (text: string): boolean =>
  isText(text) &&
  text
    .split('/')
    .every(
      (level, i, all) => level === '+' || (level === '#' && i === all.length - 1) || !/[+#]/.test(level),
    );

/** Whether a subscription to the filter is sent the topic. Both are well formed. */
export const matches = (filter: string, topic: string): boolean => {
  if (filter === topic) return true;
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false; // section 4.7.2
  const wanted = filter.split('/');
  const levels = topic.split('/');
  const rest = wanted.at(-1) === '#' ? wanted.length - 1 : -1; // "a/#" is sent "a", too
  if (rest < 0 ? levels.length !== wanted.length : levels.length < rest) return false;
  return wanted.every((level, i) => i === rest || level === '+' || level === levels[i]);
};
