/** Which chosen passwords are refused: too short, too long, or among the first that anybody would try. */
import { fieldError } from "#lib/foundation/errors.ts";
import { NewPasswordInput } from "./contract.ts";

/**
 * Long passwords that people choose again and again: the beginnings of phrases, keyboard walks and counting.
 * Short favourites cannot occur, since fifteen characters are asked for; their repetitions are found by rule.
 */
const common = new Set(
  [
    "passwordpassword",
    "password1password1",
    "passwordpassword1",
    "password123456789",
    "password12345678",
    "password1234567890",
    "mypasswordismypassword",
    "thisismypassword",
    "thisisapassword",
    "mysecretpassword",
    "mysupersecretpassword",
    "supersecretpassword",
    "administrator123",
    "administrator1234",
    "administratoradministrator",
    "adminadminadmin",
    "letmeinletmein1",
    "letmeinplease123",
    "pleaseletmein123",
    "iloveyouforever",
    "iloveyousomuch1",
    "iloveyouverymuch",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop123456",
    "qwertyuiop[]asdfghjkl;'",
    "1qaz2wsx3edc4rfv",
    "1qaz2wsx3edc4rfv5tgb",
    "qazwsxedcrfvtgb",
    "zaq12wsxcde34rfv",
    "asdfghjklqwertyuiop",
    "zxcvbnmasdfghjkl",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "123456789012345",
    "1234567890123456",
    "12345678901234567890",
    "0123456789012345",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "correct-horse-battery-staple",
    "changemechangeme",
    "changemeplease123",
    "welcometothejungle",
    "welcomewelcome1",
    "maytheforcebewithyou",
    "tobeornottobethatisthequestion",
    "to be or not to be",
    "thequickbrownfox",
    "thequickbrownfoxjumpsoverthelazydog",
    "the quick brown fox jumps over the lazy dog",
    "onceuponatime123",
    "loremipsumdolorsitamet",
    "ilovemyfamily123",
    "jesusismysavior",
    "testtesttesttest",
    "test1234test1234",
    "defaultpassword1",
    "nopasswordneeded",
  ].map(fold),
);

export type PasswordContext = { email: string; name: string };

/**
 * Refuses a password that guessing would find early. There are no composition rules.
 *
 * @param path field at which the refusal is shown
 * @throws {AppError} `input.invalid`
 */
export function requireGoodPassword(password: string, { email, name }: PasswordContext, path = "password"): void {
  const size = NewPasswordInput.safeParse(password);
  if (!size.success) throw fieldError(path, size.error.issues[0]?.message ?? "Choose another password.");
  const folded = fold(password);
  if (common.has(folded)) throw fieldError(path, "This password is among the most common ones. Choose another.");
  if (isRepetition(folded)) throw fieldError(path, "This password repeats itself. Choose another.");
  if (isCounting(folded)) throw fieldError(path, "This password only counts up or down. Choose another.");
  const [local = ""] = email.split("@");
  if (isMadeOf(folded, ["latchkey", "password", local, email, name, ...name.split(/\s+/)])) {
    throw fieldError(path, "This password is made of your name, your address or the product's name. Choose another.");
  }
}

/** Case, spaces and punctuation do not make a guess harder. */
function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s!-/:-@[-`{-~]/g, "");
}

/** "abcabcabcabcabc": a short piece, over and over. */
function isRepetition(text: string): boolean {
  const characters = Array.from(text);
  for (let length = 1; length <= Math.min(8, characters.length / 2); length += 1) {
    if (characters.every((character, index) => character === characters[index % length])) return true;
  }
  return false;
}

/** "123456789012345", "zyxwvutsrqponml": each character follows the one before. */
function isCounting(text: string): boolean {
  const codes = Array.from(text).map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const counts = (step: number) => (value: number) => value === step || value === -9 * step;
  return steps.length > 0 && (steps.every(counts(1)) || steps.every(counts(-1)));
}

/** True where little is left after the words that anybody would try for this person. */
function isMadeOf(folded: string, words: string[]): boolean {
  const known = words.map(fold).filter((word) => word.length >= 4);
  const rest = known
    .sort((a, b) => b.length - a.length)
    .reduce((text, word) => text.replaceAll(word, ""), folded)
    .replace(/\d/g, "");
  return rest.length < folded.length && Array.from(rest).length < 6;
}
