// Text that came from a learner's code, before it reaches a terminal.

const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/g

/** The text without control characters, which could repaint what is around it; line breaks stay. */
export function printable(text: string, longest = 2000): string {
  const clean = text.replace(UNPRINTABLE, ' ')
  return clean.length > longest ? `${clean.slice(0, longest)} …` : clean
}
