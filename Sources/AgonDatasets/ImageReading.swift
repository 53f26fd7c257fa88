/// Settings for reading image files. Values are used as stored, 16-bit values by their upper byte, and images are
/// rotated upright according to Exif.
public struct ImageReading: Hashable, Sendable {
    /// How to treat images that cannot be decoded in a folder.
    public enum Broken: String, Hashable, Sendable, CaseIterable {
        /// An error lists all of them.
        case refuse
        /// They are skipped and counted.
        case skip
    }

    /// The grey level, 0 to 255, behind transparent parts.
    public var background: UInt8
    public var broken: Broken

    public init(background: UInt8 = 255, broken: Broken = .refuse) {
        self.background = background
        self.broken = broken
    }
}
