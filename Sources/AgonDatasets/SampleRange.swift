/// The range to which the 256 levels of an image are mapped in samples.
public enum SampleRange: String, CaseIterable, Sendable {
    /// `level / 127.5 - 1`, in [-1, 1].
    case signed
    /// `level / 255`, in [0, 1].
    case unit

    func value(ofLevel level: UInt8) -> Float {
        switch self {
        case .signed: Float(level) / 127.5 - 1
        case .unit: Float(level) / 255
        }
    }

    /// Converts values of this range to [-1, 1].
    public func signed(_ values: [Float]) -> [Float] { self == .signed ? values : values.map { 2 * $0 - 1 } }
}

/// The order of the samples within an epoch.
public enum SampleOrder: String, CaseIterable, Sendable {
    /// A new random permutation in each epoch.
    case shuffled
    /// The order of the files, the same in each epoch.
    case file
}
