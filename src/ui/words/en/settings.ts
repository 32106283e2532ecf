/** What this device keeps, and how the page looks. */
export const settings = {
  look: 'How this page looks',
  language: 'Language',
  theme: 'Colours',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
};
