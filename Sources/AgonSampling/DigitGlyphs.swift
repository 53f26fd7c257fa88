import AgonDatasets

/// Draws numbers into images, in digits of 3x5 dots.
enum DigitGlyphs {
    static let height = 5
    /// Distance in dots from one digit to the next.
    private static let advance = 4

    /// The digits from 0, as rows from the top with `#` for a dot.
    private static let rows: [[String]] = [
        ["###", "# #", "# #", "# #", "###"],
        [" # ", "## ", " # ", " # ", "###"],
        ["###", "  #", "###", "#  ", "###"],
        ["###", "  #", " ##", "  #", "###"],
        ["# #", "# #", "###", "  #", "  #"],
        ["###", "#  ", "###", "  #", "###"],
        ["###", "#  ", "###", "# #", "###"],
        ["###", "  #", " # ", " # ", " # "],
        ["###", "# #", "###", "# #", "###"],
        ["###", "# #", "###", "  #", "###"],
    ]

    /// The width of a number in dots.
    static func width(of number: Int) -> Int { digits(of: number).count * advance - 1 }

    /// Draws a number in all channels of an image, each dot `scale` pixels wide, clipped to the image.
    static func draw(_ number: Int, top: Int, left: Int, scale: Int, level: UInt8, into image: inout Image) {
        let (height, width, channels) = (image.shape.height, image.shape.width, image.shape.channels)
        for (place, digit) in digits(of: number).enumerated() {
            for (row, dots) in rows[digit].enumerated() {
                for (column, dot) in dots.enumerated() where dot == "#" {
                    for pixel in 0..<scale * scale {
                        let y = top + row * scale + pixel / scale
                        let x = left + (place * advance + column) * scale + pixel % scale
                        guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                        for channel in 0..<channels { image.pixels[(y * width + x) * channels + channel] = level }
                    }
                }
            }
        }
    }

    private static func digits(of number: Int) -> [Int] {
        precondition(number >= 0, "no glyph for the sign of \(number)")
        return String(number).compactMap(\.wholeNumberValue)
    }
}
