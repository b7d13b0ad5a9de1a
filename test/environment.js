/**
 * Jest's environment of Node.js, without two costs. In jest's own, each use of a global (`Math`, `JSON`, `Buffer`) asks a proxy. Here
 * they are properties of an ordinary global object. And jest-circus leaves an `AsyncLocalStorage` for each test file, all of which
 * Node.js 20 visits for every promise. They are ended here.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const { createContext } = vm;
const { run } = AsyncLocalStorage.prototype;
const entered = new Set();
AsyncLocalStorage.prototype.run = function (...args) {
  entered.add(this);
  return run.apply(this, args);
};

export default class extends TestEnvironment {
  constructor(...args) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...args);
    } finally {
      vm.createContext = createContext;
    }
  }

  async teardown() {
    await super.teardown();
    for (const storage of entered) storage.disable();
    entered.clear();
  }
}
