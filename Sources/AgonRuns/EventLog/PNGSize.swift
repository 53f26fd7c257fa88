import Foundation

/// The image size from the header of a PNG.
public struct PNGSize: Equatable, Sendable {
    public let height: Int
    public let width: Int
    /// 1 for grey, 2 for grey with alpha, 3 for RGB, 4 for RGB with alpha.
    let channels: Int

    /// Nil for bytes that are not a PNG.
    init?(_ file: [UInt8]) {
        let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        guard file.count > 25, file.starts(with: signature), file[12..<16].elementsEqual("IHDR".utf8) else {
            return nil
        }
        func number(_ offset: Int) -> Int { file[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        width = number(16)
        height = number(20)
        switch file[25] {
        case 0: channels = 1
        case 4: channels = 2
        case 2, 3: channels = 3
        case 6: channels = 4
        default: return nil
        }
    }

    /// Nil for a file that is missing or not a PNG.
    public init?(path: String) {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let head = try? file.read(upToCount: 26) else { return nil }
        self.init(Array(head))
    }
}
