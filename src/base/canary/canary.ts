export { workMessage } from '../../protocol/work-messages.ts';
