export { errorCode } from '../model/system-error.ts';
