import AgonTensors
import CAgonImageCodecs

/// Writes a file that a C function encodes, atomically: the file appears whole or not at all.
///
/// Throws `DatasetError.cannotWrite` for contents that cannot be encoded, `TensorsError.cannotWrite`, for example if the
/// disk is full; an existing file of that name then stays intact.
func writeEncoded(
    path: String,
    _ encode: (UnsafeMutablePointer<agon_encoding>, UnsafeMutablePointer<CChar>) -> Int32
) throws {
    var encoding = agon_encoding()
    defer { agon_encoding_free(&encoding) }
    let failure = withUnsafeMutablePointer(to: &encoding) { target in withMessage { encode(target, $0) } }
    if let reason = failure { throw DatasetError.cannotWrite(path: path, reason: reason) }
    try AtomicFile.write(path: path) { output in
        try output.write(UnsafeRawBufferPointer(start: encoding.bytes, count: encoding.count))
    }
}
