import type { Words } from '../en.ts';

const noWebGpu =
  'Dieser Browser kann mit der GPU nicht rechnen. Chrome und Edge ab 113, Safari ab 26 und Firefox ab 141 unter Windows können es. Sie können trotzdem Stapel senden, die andere berechnen.';
const noAdapter =
  'Der Browser fand keine GPU, die er benutzen darf. Ein neuerer Grafiktreiber hilft vielleicht. Sie können trotzdem Stapel senden, die andere berechnen.';
const limitsTooLow =
  'Diese GPU erlaubt für dieses Modell zu wenig Speicher auf einmal. Versuchen Sie ein kleineres Modell.';
const outOfMemory =
  'Die GPU hat für dieses Modell zu wenig freien Speicher. Schließen Sie andere schwere Seiten oder wählen Sie ein kleineres.';

export const advice: Words['advice'] = {
  'node/no-webgpu': noWebGpu,
  'node/no-adapter': noAdapter,
  'node/limits-too-low': limitsTooLow,
  'node/no-relay':
    'Der Treffpunkt der Geräte antwortet nicht. Starling versucht es weiter; für Sie selbst kann dieses Gerät rechnen.',
  'node/no-peers':
    'Gerade teilt niemand dieses Modell. Der Stapel wartet und beginnt von selbst, sobald jemand da ist.',
  'node/offline':
    'Der Server dieser Seite antwortet nicht. Modelle, die schon auf diesem Gerät sind, lassen sich weiter benutzen.',
  'node/elsewhere': 'Starling läuft schon auf einer anderen Seite dieses Browsers.',
  'node/unknown-file':
    'Diese Datei ist keines der Modelle, die hier angeboten werden, oder wurde verändert: genommen werden nur die, die ihr Herausgeber unterschrieben hat. Unter „Modelle“ stehen sie.',
  'node/unknown-model': 'Dieses Modell wird hier nicht angeboten. Unter „Modelle“ steht, welche es gibt.',
  'engine/out-of-memory': outOfMemory,
  'gpu/out-of-memory': outOfMemory,
  'gpu/no-webgpu': noWebGpu,
  'gpu/no-adapter': noAdapter,
  'gpu/limits-too-low': limitsTooLow,
  'gpu/device-lost':
    'Der Grafiktreiber hat neu begonnen. Drücken Sie auf „Beginnen“, um weiterzumachen; nichts Fertiges ist verloren.',
  'weights/quota-exceeded':
    'Der Browser hat für dieses Modell zu wenig Platz. Löschen Sie ein anderes Modell oder schaffen Sie Platz auf der Platte.',
  'weights/hash-mismatch':
    'Ein Teil des Modells kam beschädigt an und wurde weggeworfen. Laden Sie es noch einmal herunter.',
  'weights/no-source':
    'Gerade hat weder ein anderer Tab noch ein Server dieses Modell. Versuchen Sie es später noch einmal.',
  'work/adapter-not-shared':
    'Wer diesen Adapter geteilt hat, ist gerade nicht da. Versuchen Sie es später noch einmal.',
  'adapter/adapter-lineage':
    'Woher dieser Adapter kommt, lässt sich nicht verfolgen, darum wird er nicht benutzt. Fragen Sie, wer ihn veröffentlicht hat.',
  'adapter/adapter-base': 'Dieser Adapter wurde für ein anderes Modell gemacht. Wählen Sie das Modell, das er ändert.',
  'adapter/adapter-invalid':
    'Diese Dateien sind kein ganzer Adapter. Exportieren Sie ihn noch einmal, wo er gemacht wurde.',
  'adapter/adapter-unsupported':
    'Mit dieser Art von Adapter kann hier nicht gerechnet werden. Verschmelzen Sie ihn mit seinem Modell.',
  'training/diverged':
    'Der Verlust wurde unendlich. Was vorher aufbewahrt wurde, ist heil: machen Sie mit dem letzten Lauf und einer kleineren Lernrate weiter.',
  'training/out-of-memory':
    'Die GPU hat für so große Stücke zu wenig Speicher. Was aufbewahrt ist, ist ganz: machen Sie mit kleineren weiter, oder wählen Sie eine kürzere längste Zeile.',
  'trainingdata/empty': 'Die Datei hat keine Zeilen. Jede Zeile ist ein JSON-Objekt.',
  'trainingdata/too-few-rows':
    'Aus einer einzigen Zeile kann nicht zugleich gelernt und geprüft werden. Fügen Sie der Datei Zeilen hinzu.',
  'work/empty-batch': 'Die Datei hat keine Zeilen. Ein Stapel hat in jeder Zeile eine Anfrage als JSON.',
  'identity/weak-passphrase': 'Diese Passphrase ist zu kurz. Nehmen Sie mindestens 10 Zeichen.',
  'identity/not-an-identity':
    'Diese Datei ist keine gespeicherte Identität von Starling. Wählen Sie die, die hier gespeichert wurde.',
  'identity/wrong-passphrase':
    'Die Passphrase öffnet diese Datei nicht. Versuchen Sie es noch einmal; Großbuchstaben zählen.',
};
