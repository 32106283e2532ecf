import { createNode, type NodeSnapshot, type ShelfModel, type StarlingNode } from '../node/index.ts';
import { sharedStyles } from './shared-styles.ts';
import { SnapshotController } from './snapshot-controller.ts';
import { WordedElement } from './worded-element.ts';

let node: StarlingNode | undefined;

/** The page's one node. Making it costs nothing: it sleeps until a click. */
export function pageNode(): StarlingNode {
  node ??= createNode();
  return node;
}

/** An element that shows the page's node and redraws with it. */
export abstract class NodeElement extends WordedElement {
  static override styles = [sharedStyles];
  readonly #snapshot = new SnapshotController(this, pageNode);

  protected get node(): StarlingNode {
    return pageNode();
  }

  protected get snapshot(): NodeSnapshot {
    return this.#snapshot.value;
  }

  /** Models that compute by themselves, without adapters. */
  protected get bases(): readonly ShelfModel[] {
    return this.snapshot.models.filter(({ adapter }) => adapter === undefined);
  }
}
