#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A regular file open for random-access reading; its size is known before anything is allocated for it.
final class InputFile: Sendable {
    let path: String
    /// Size in bytes when opened.
    let size: Int
    private let descriptor: Int32

    /// - Throws: ``TensorsError/cannotRead(path:code:)``.
    init(path: String) throws(TensorsError) {
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .cannotRead(path: path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .cannotRead(path: path, code: code)
        }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else {
            close(descriptor)
            throw .cannotRead(path: path, code: kind == S_IFDIR ? EISDIR : EINVAL)
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Plain values from the bytes `offset ..< offset + count * stride`, in the machine's byte order.
    ///
    /// - Precondition: the range lies within ``size``, which bounds the allocation.
    /// - Throws: ``TensorsError/cannotRead(path:code:)``, also if the file has shrunk meanwhile.
    func read<Element: BitwiseCopyable>(_: Element.Type, count: Int, at offset: Int) throws(TensorsError) -> [Element] {
        let stride = MemoryLayout<Element>.stride
        precondition(offset >= 0 && count >= 0 && count <= (size - offset) / stride, "read outside of \(path)")
        var failure: TensorsError?
        let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(TensorsError) {
                try fill(UnsafeMutableRawBufferPointer(buffer)[..<(count * stride)], at: offset)
                initialized = count
            } catch {
                failure = error
                initialized = 0
            }
        }
        if let failure { throw failure }
        return elements
    }

    /// Hands over the bytes from `offset` to the end in pieces.
    ///
    /// - Throws: ``TensorsError/cannotRead(path:code:)``.
    func forEachPiece(from offset: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws(TensorsError) {
        let pieceSize = min(1 << 20, max(size - offset, 1))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 64)
        defer { buffer.deallocate() }
        var position = offset
        while position < size {
            let count = min(pieceSize, size - position)
            try fill(buffer[..<count], at: position)
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            position += count
        }
    }

    private func fill(
        _ target: Slice<UnsafeMutableRawBufferPointer>, at offset: Int
    ) throws(TensorsError) {
        var rest = target
        var position = offset
        while !rest.isEmpty {
            let piece = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(1 << 30))
            let count = pread(descriptor, piece.baseAddress, piece.count, off_t(position))
            if count < 0 {
                if errno == EINTR { continue }
                throw .cannotRead(path: path, code: errno)
            }
            if count == 0 { throw .cannotRead(path: path, code: EIO) }
            rest = rest.dropFirst(count)
            position += count
        }
    }
}
