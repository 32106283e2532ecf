/** What this build speaks. A breaking change is a new number here and never a new meaning of an old one. */
export const WORK_PROTOCOL = '/starling/work/1.0.0';
export const PRESENCE_TOPIC = 'starling/presence/1';
