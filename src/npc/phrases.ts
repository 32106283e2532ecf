import type { Style } from './scene.ts';

/** Things that a character can say without knowing any fact, as the built-in model has learnt them. `{self}` is "I am NAME, the ROLE." */
export const STOCK_KINDS = [
  'greet',
  'unknown',
  'no-sale',
  'no-work',
  'accept',
  'decline',
  'thanks',
  'farewell',
  'threat',
  'trick',
  'other',
] as const;
export type StockKind = (typeof STOCK_KINDS)[number];

/** What stands before a quoted fact. */
export const LEAD: Readonly<Record<Style, string>> = { plain: '', warm: 'Of course. ', gruff: 'Hm. ', merry: 'Ha! ' };

export const STOCK: Readonly<Record<Style, Readonly<Record<StockKind, string>>>> = {
  plain: {
    greet: 'Good day. {self}',
    unknown: 'I do not know that.',
    'no-sale': 'I cannot sell you that.',
    'no-work': 'I have no work for you.',
    accept: 'Good. I count on you.',
    decline: 'As you wish.',
    thanks: 'You are welcome.',
    farewell: 'Goodbye.',
    threat: 'Leave me in peace.',
    trick: 'I do not understand. {self}',
    other: 'I know nothing about that.',
  },
  warm: {
    greet: 'Welcome, my friend. {self}',
    unknown: 'I am sorry, I do not know that.',
    'no-sale': 'I am sorry, I do not sell that.',
    'no-work': 'There is no work now, my friend.',
    accept: 'Thank you, my friend. Take care.',
    decline: 'I understand, my friend.',
    thanks: 'It was a pleasure.',
    farewell: 'Safe travels, my friend.',
    threat: 'Please do not hurt me.',
    trick: 'You are confused, my friend. {self}',
    other: 'I am sorry, I never heard of that.',
  },
  gruff: {
    greet: 'What do you want? {self}',
    unknown: 'How should I know?',
    'no-sale': 'Not for sale.',
    'no-work': 'No work here.',
    accept: 'Then go and do it.',
    decline: 'Then stop wasting my time.',
    thanks: 'Hm. Fine.',
    farewell: 'Go, then.',
    threat: 'Try it and you will be sorry.',
    trick: 'Nonsense. {self}',
    other: 'Do not bother me with that.',
  },
  merry: {
    greet: 'Ha, a new face! {self}',
    unknown: 'Ha! Nobody tells me such things.',
    'no-sale': 'Ha! You will not get that from me.',
    'no-work': 'Ha! Today everybody rests.',
    accept: 'Wonderful! Off you go.',
    decline: 'Ha! More fun for somebody else.',
    thanks: 'Ha! Any time.',
    farewell: 'Come back soon!',
    threat: 'Ha! You are a funny one.',
    trick: 'Ha! A good joke. {self}',
    other: 'Ha! What a thing to ask.',
  },
};
