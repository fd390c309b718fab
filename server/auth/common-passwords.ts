/**
 * Passwords of eight characters and more that stand at the top of every published list of breached ones; shorter ones are
 * refused by their length. Digits that are only appended or put in place of letters do not help: `Passw0rd2024` is one too.
 */
const common = new Set(
  `12345678 123456789 1234567890 12345678910 123123123 11111111 00000000 87654321 987654321 0987654321 11223344 88888888
  66666666 99999999 12344321 12341234 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwertyuiop qwerty qwertz qwertzuiop azertyuiop azerty
  asdfghjk asdfghjkl asdfasdf zxcvbnm zxcvbnmm qazwsx qazwsxedc q1w2e3r4 q1w2e3r4t5 a1b2c3d4 abcd1234 abcdefgh abcdefg
  abc aa123456 password passwort motdepasse contrasena contraseña senha parola wachtwoord haslo passphrase
  pass passpass letmein welcome willkommen bienvenue iloveyou ichliebedich jetaime princess sunshine football baseball basketball
  superman batman spiderman starwars pokemon dragon monkey shadow master michael jennifer jessica ashley charlie jordan
  hunter trustno computer internet samsung google facebook instagram tiktok segment twilio usher admin administrator
  adminadmin root rootroot changeme changeit default secret topsecret login guest test testtest tester testing demo user
  liverpool chelsea arsenal barcelona realmadrid juventus mercedes porsche ferrari corvette mustang harley yamaha
  whatever freedom forever flower butterfly chocolate cookie cheese pepper ginger summer winter autumn spring
  january february march april june july august september october november december monday sunday
  access company business office server database blahblah asdfqwer`.split(/\s+/),
);

const lookAlikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase();
  const bare = lower.replace(/[^\p{L}]+$/u, '').replace(/^[^\p{L}]+/u, '');
  const plain = [...lower].map((char) => lookAlikes[char] ?? char).join('');
  const plainBare = [...bare].map((char) => lookAlikes[char] ?? char).join('');
  const repeated = /^(.{1,4})\1+$/u.test(lower);
  return repeated || [lower, bare, plain, plainBare, plain.replace(/[^\p{L}]+$/u, '')].some((form) => common.has(form));
}
