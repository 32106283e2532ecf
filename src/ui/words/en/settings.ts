/** What this device keeps, and how the page looks. */
export const settings = {
  look: 'How this page looks',
  language: 'Language',
  theme: 'Colours',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  sites: {
    title: 'Sites that may use this device',
    what: 'What you agreed to on other people’s pages, where your browser lets Starling’s frame there tell this page. What you agreed to elsewhere ends on the badge of that page.',
    none: 'None is known here.',
    until: (day: string) => `until ${day}`,
    end: 'End',
    endOf: (origin: string) => `End it for ${origin}`,
    malformed: (count: number) => `Ignored and deleted, malformed: ${count}`,
    forged: (count: number) => `Ignored and deleted, forged: ${count}`,
  },
  identity: {
    title: 'Who this device is',
    what: 'Others know this device by a key that was made on it. Saved as a file, the key can go to another browser or come back after everything was deleted.',
    warning:
      'The file is locked with your passphrase. Whoever has both is this device; nobody can open the file without the passphrase, and nobody can give you a new one.',
    passphrase: 'Passphrase, at least 10 letters',
    save: 'Save as file',
    saved: 'Saved. Keep the file and the passphrase apart.',
    file: 'Saved identity',
    filePassphrase: 'Its passphrase',
    use: 'Use this identity',
    replaces:
      'The identity that this device has now is lost unless you saved it. Sharing stops, and every tab opens anew.',
  },
  leave: {
    title: 'Leave',
    what: 'Stops everything and deletes all that Starling keeps in this browser: models, batches and their results, what was taught, identity, history and settings.',
    button: 'Leave and delete everything',
    sure: 'This cannot be undone. Delete everything?',
    keep: 'Keep everything',
    yes: 'Delete everything',
  },
};
