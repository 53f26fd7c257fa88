import Configuration

/// Pixels added around an image, as a config states them.
public enum EdgePadding: Hashable, Sendable, CustomStringConvertible {
    case sides(top: Int, left: Int, bottom: Int, right: Int)
    /// As much as makes the output the input's size divided by the stride, rounded up; an odd pixel goes below and
    /// right, as in TensorFlow.
    case same

    public static func all(_ pixels: Int) -> EdgePadding {
        .sides(top: pixels, left: pixels, bottom: pixels, right: pixels)
    }

    /// The key `padding`: a number, `[vertical, horizontal]`, `[top, left, bottom, right]`, or `"same"` where that has
    /// a meaning.
    init(from reader: ConfigReader, in range: ClosedRange<Int> = 0...4096, allowsSame: Bool = true, default: Int? = 0)
        throws
    {
        let node = try reader.node(
            "padding", default: `default`.map { ConfigNode($0) },
            "Pixels around the image: a number, [vertical, horizontal]"
                + (allowsSame
                    ? ", [top, left, bottom, right], or \"same\" for the input's size divided by the stride."
                    : " or [top, left, bottom, right]."))
        guard !reader.isDescribing else {
            self = .all(0)
            return
        }
        if allowsSame, node.string == "same" {
            self = .same
            return
        }
        let expected =
            "expected an integer from \(range.lowerBound) to \(range.upperBound), 2 of them or 4"
            + (allowsSame ? ", or \"same\"" : "") + ", found \(node.summary)"
        let nodes = node.array ?? [node]
        let pixels = nodes.compactMap(\.integer)
        guard pixels.count == nodes.count, pixels.allSatisfy(range.contains) else {
            throw reader.fail("padding", expected)
        }
        switch pixels.count {
        case 1 where node.array == nil: self = .all(pixels[0])
        case 2: self = .sides(top: pixels[0], left: pixels[1], bottom: pixels[0], right: pixels[1])
        case 4: self = .sides(top: pixels[0], left: pixels[1], bottom: pixels[2], right: pixels[3])
        default: throw reader.fail("padding", expected)
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

    /// Top, left, bottom and right of windows that slide over an image.
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
