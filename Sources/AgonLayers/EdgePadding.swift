import AgonConfiguration

/// Padding around an image, as stated in a config.
public enum EdgePadding: Hashable, Sendable, CustomStringConvertible {
    case sides(top: Int, left: Int, bottom: Int, right: Int)
    /// The padding for which the output size is the input size divided by the stride, rounded up. If it is odd, the
    /// extra pixel is at the bottom or right, as in TensorFlow.
    case same

    public static func all(_ pixels: Int) -> EdgePadding {
        .sides(top: pixels, left: pixels, bottom: pixels, right: pixels)
    }

    /// The key `padding`: a number, `[vertical, horizontal]`, `[top, left, bottom, right]`, or `"same"` if the layer
    /// supports it.
    init(from reader: ConfigReader, in range: ClosedRange<Int> = 0...4096, allowsSame: Bool = true, default: Int? = 0)
        throws
    {
        let stated = try reader.integersOrWord(
            "padding", counts: [2, 4], in: range, words: allowsSame ? ["same"] : [],
            default: `default`.map { ConfigNode($0) },
            "Pixels added around the image: a number, [vertical, horizontal]"
                + (allowsSame
                    ? ", [top, left, bottom, right], or \"same\" (output size: input size / stride)."
                    : " or [top, left, bottom, right]."))
        switch stated {
        case .word: self = .same
        case .integers(let pixels) where pixels.count == 4:
            self = .sides(top: pixels[0], left: pixels[1], bottom: pixels[2], right: pixels[3])
        case .integers(let pixels):
            let (vertical, horizontal) = (pixels[0], pixels[pixels.count - 1])
            self = .sides(top: vertical, left: horizontal, bottom: vertical, right: horizontal)
        }
    }

    public var description: String {
        switch self {
        case .same: "same"
        case .sides(let top, let left, let bottom, let right):
            top == bottom && left == right
                ? top == left ? "\(top)" : "[\(top), \(left)]" : "[\(top), \(left), \(bottom), \(right)]"
        }
    }

    /// The top, left, bottom and right padding for windows that slide over an image.
    func resolved(
        height: Int, width: Int, kernel: (Int, Int), stride: (Int, Int), dilation: (Int, Int) = (1, 1)
    ) -> (Int, Int, Int, Int) {
        switch self {
        case .sides(let top, let left, let bottom, let right): return (top, left, bottom, right)
        case .same:
            func total(_ extent: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
                let steps = (extent + stride - 1) / stride - 1
                return max(0, steps * stride + dilation * (kernel - 1) + 1 - extent)
            }
            let vertical = total(height, kernel.0, stride.0, dilation.0)
            let horizontal = total(width, kernel.1, stride.1, dilation.1)
            return (vertical / 2, horizontal / 2, vertical - vertical / 2, horizontal - horizontal / 2)
        }
    }
}
