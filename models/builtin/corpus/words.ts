/** The common words of the village: few, so that a small model knows each well. Combinations are what it must not know. */

export const ROLES = [
  'smith',
  'miller',
  'baker',
  'guard',
  'healer',
  'farmer',
  'fisher',
  'hunter',
  'tailor',
  'carpenter',
  'innkeeper',
  'mayor',
  'merchant',
  'shepherd',
  'scribe',
  'potter',
] as const;

export const ADJECTIVES = [
  'old',
  'red',
  'small',
  'broken',
  'silver',
  'black',
  'tall',
  'white',
  'stone',
  'golden',
  'green',
  'wooden',
  'dark',
  'iron',
  'blue',
  'narrow',
] as const;

export const PLACE_NOUNS = [
  'mill',
  'bridge',
  'well',
  'tower',
  'gate',
  'cave',
  'barn',
  'chapel',
  'inn',
  'market',
  'forge',
  'field',
  'dock',
  'camp',
  'shrine',
  'hall',
] as const;

export const ITEM_NOUNS = [
  'lamp',
  'rope',
  'knife',
  'ring',
  'key',
  'map',
  'cloak',
  'shield',
  'bow',
  'book',
  'horn',
  'cup',
  'hammer',
  'basket',
  'coat',
  'bell',
] as const;

/** Things that come in numbers. */
export const GOODS = [
  'nails',
  'apples',
  'eggs',
  'herbs',
  'furs',
  'arrows',
  'candles',
  'fish',
  'stones',
  'feathers',
  'planks',
  'mushrooms',
] as const;

export const CREATURES = ['wolves', 'bandits', 'ghosts', 'bears', 'goblins', 'snakes', 'ravens', 'rats'] as const;

export const DIRECTIONS = ['north of', 'south of', 'east of', 'west of', 'behind', 'near', 'beside'] as const;

export const HOURS = ['dawn', 'noon', 'dusk', 'midnight', 'sunrise', 'sunset'] as const;
