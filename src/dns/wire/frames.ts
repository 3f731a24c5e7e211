/** Splits a TCP stream into DNS messages. Holds at most one unfinished message. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** Messages that are complete with this chunk; they share its memory. */
  push(chunk: Buffer): Buffer[] {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const messages: Buffer[] = [];
    while (data.length >= 2) {
      const end = 2 + data.readUInt16BE(0);
      if (data.length < end) break;
      messages.push(data.subarray(2, end));
      data = data.subarray(end);
    }
    this.#pending = data;
    return messages;
  }
}
