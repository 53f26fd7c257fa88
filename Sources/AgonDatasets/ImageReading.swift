/// How image files are read, besides what the files say themselves. Values are those stored, 16 bits by their upper byte,
/// turned upright as Exif says.
public struct ImageReading: Hashable, Sendable {
    /// What becomes of a folder with images that cannot be decoded.
    public enum Broken: String, Hashable, Sendable, CaseIterable {
        /// All are named in an error.
        case refuse
        /// They are left out and counted.
        case skip
    }

    /// The grey level, 0 to 255, that shows through transparent parts.
    public var background: UInt8
    public var broken: Broken

    public init(background: UInt8 = 255, broken: Broken = .refuse) {
        self.background = background
        self.broken = broken
    }
}
