/** How good or bad a state is; the word says what it is. */
export type Tone = "good" | "calm" | "warn" | "bad" | "busy";

const SIGN: Record<Tone, string> = { good: "●", calm: "◌", warn: "▲", bad: "■", busy: "◔" };

/** A state in a word, with a sign of its own shape beside the colour. */
export function Badge(
  { tone, text, title }: { readonly tone: Tone; readonly text: string; readonly title?: string | undefined },
) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <span aria-hidden="true">{SIGN[tone]}</span> {text}
    </span>
  );
}
