import { closeSync, constants, openSync } from "node:fs";
import { errorCode, PortolanError } from "../lib/errors.ts";
import { ioctl } from "./ffi.ts";

// asm-generic/ioctls.h
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

/** The two ends of a pseudo-terminal, as file descriptors that the caller closes. */
export interface Pty {
  /**
   * Our end: what the program prints is read here, what is written here it gets as typed input. Not blocking: EAGAIN
   * says that there is nothing to read, or that the program does not read what was typed.
   */
  readonly master: number;
  /** The program's end: its standard input, output and error. Close it once the program has it. */
  readonly slave: number;
  /** Such as `/dev/pts/3`, in the devpts that is mounted in this process's mount namespace. */
  readonly slavePath: string;
}

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Opens a new pseudo-terminal. Reading the master fails with EIO once nobody has the slave open.
 *
 * `dev` is the folder of devices whose `ptmx` is used, such as that of a container under `/proc/PID/root`: the
 * terminal has a name only where that folder's devpts is mounted.
 */
export function openPty(size?: TerminalSize, dev = "/dev"): Pty {
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const master = openMaster(`${dev}/ptmx`, flags | constants.O_NONBLOCK);
  try {
    const number = Buffer.alloc(4);
    ioctl(master, TIOCSPTLCK, number);
    ioctl(master, TIOCGPTN, number);
    const slavePath = `${dev}/pts/${number.readUInt32LE()}`;
    if (size !== undefined) setTerminalSize(master, size);
    return { master, slave: openSync(slavePath, flags), slavePath };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

/** Tells a terminal its size; programs on it get SIGWINCH. Either end may be given. */
export function setTerminalSize(fd: number, size: TerminalSize): void {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(size.rows, 0);
  bytes.writeUInt16LE(size.columns, 2);
  ioctl(fd, TIOCSWINSZ, bytes);
}

function openMaster(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw new PortolanError(
      errorCode(error) ?? "PTY",
      `Cannot open a terminal: "${path}" is not usable, a devpts file system beside it is needed`,
      { cause: error },
    );
  }
}
