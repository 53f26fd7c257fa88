import AgonText
import Foundation

/// An axis of a chart: maps values to pixels, with round numbers at its ticks.
struct ChartScale {
    let isLogarithmic: Bool
    let lower: Double
    let upper: Double
    let ticks: [Double]

    /// An axis for the values.
    ///
    /// - Parameters:
    ///   - tight: whether the axis ends where the values end, as a time axis does.
    ///   - including: a value that must be on the axis.
    ///   - isLogarithmic: whether to use a log scale if the values span a power of ten; nil: if positive values
    ///     span more than two and a half.
    init(
        _ values: [Double], count: Int, tight: Bool = false, including: Double? = nil, isLogarithmic wanted: Bool? = nil
    ) {
        // Beyond these bounds, differences and quotients leave the range of Double.
        let finite = (values.filter(\.isFinite) + (including.map { [$0] } ?? [])).map { min(1e300, max(-1e300, $0)) }
        var (least, most) = (finite.min() ?? 0, finite.max() ?? 1)
        isLogarithmic = wanted != false && !tight && least > 1e-290 && most / least > (wanted == true ? 10 : 300)
        if isLogarithmic {
            let (bottom, top) = (log10(least), log10(most))
            let (start, end) = (pow(10, bottom - 0.03 * (top - bottom)), pow(10, top + 0.03 * (top - bottom)))
            (lower, upper) = (start, end)
            let decades = Int(bottom.rounded(.down))...Int(top.rounded(.up))
            let stride = max(1, (decades.count + count - 1) / count)
            // With few powers of ten, 2 and 5 times them too.
            let multiples = decades.count <= 4 ? [1.0, 2, 5] : [1]
            ticks = decades.filter { ($0 - decades.lowerBound) % stride == 0 }
                .flatMap { power in multiples.map { $0 * pow(10, Double(power)) } }
                .filter { $0 >= start && $0 <= end }
            return
        }
        let size = max(abs(least), abs(most))
        // Ticks need more digits than Double has between values that are nearly equal.
        if most - least <= max(1e-9 * size, 1e-290) {
            let isZero = size <= 1e-290
            let room = isZero ? 1 : size * 0.1
            if isZero { least = 0 }
            (least, most) = tight || isZero ? (least, least + max(1, room)) : (least - room, most + room)
        }
        let step = Self.roundStep((most - least) / Double(max(1, count)))
        let room = tight ? 0 : 0.04 * (most - least)
        // Values that start at zero keep zero at the bottom.
        lower = least == 0 ? 0 : least - room
        upper = most + room
        let first = Int((lower / step).rounded(.up))
        let last = Int((upper / step).rounded(.down))
        ticks = first <= last ? (first...last).map { Double($0) * step } : []
    }

    /// 1, 2 or 5 times a power of ten, near a number.
    private static func roundStep(_ raw: Double) -> Double {
        let power = pow(10, log10(raw).rounded(.down))
        let share = raw / power
        return power * (share <= 1.3 ? 1 : share <= 3 ? 2 : share <= 7 ? 5 : 10)
    }

    /// The relative position of a value on the axis: 0 at its start, 1 at its end.
    func place(_ value: Double) -> Double {
        if isLogarithmic {
            return value > 0 ? log(value / lower) / log(upper / lower) : 0
        }
        return upper > lower ? (value - lower) / (upper - lower) : 0
    }

    /// Ticks with the same number of decimals: `0`, `0.25`, `20k`.
    func text(_ tick: Double) -> String {
        if tick == 0 { return "0" }
        if isLogarithmic {
            if tick > 0.9e-3, tick < 1e4 { return NumberText.brief(tick) }
            let power = (log10(tick) + 1e-9).rounded(.down)
            return "\(Int((tick / pow(10, power)).rounded()))e\(Int(power))"
        }
        let largest = max(abs(ticks.first ?? 0), abs(ticks.last ?? 0))
        let (factor, unit) =
            largest >= 1e9 ? (1e9, "G") : largest >= 1e6 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1, "")
        let step = ticks.count > 1 ? (ticks[1] - ticks[0]) / factor : tick / factor
        let decimals = min(6, max(0, -Int((log10(abs(step)) + 1e-9).rounded(.down))))
        return NumberText.fixed(tick / factor, decimals: decimals) + unit
    }
}
