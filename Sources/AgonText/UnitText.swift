import Foundation

/// Formats durations.
public enum DurationText {
    /// `42 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`.
    public static func short(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e15 else { return "?" }
        let whole = Int(seconds.rounded())
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<3600: "\(whole / 60) min \(String(format: "%02d", whole % 60)) s"
        case ..<86400: "\(whole / 3600) h \(String(format: "%02d", whole % 3600 / 60)) min"
        default: "\(whole / 86400) d \(String(format: "%02d", whole % 86400 / 3600)) h"
        }
    }
}

/// Formats sizes; 1 MB is 10⁶ bytes.
public enum SizeText {
    /// `812 B`, `4.2 kB`, `25.3 MB`, `1.3 GB`.
    public static func short(_ bytes: Int) -> String {
        var value = Double(bytes)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 999.5 || unit == "GB" {
                return NumberText.fixed(value, decimals: unit == "B" || value >= 99.95 ? 0 : 1) + " " + unit
            }
            value /= 1000
        }
        return ""
    }
}

/// Formats counts.
public enum CountText {
    /// `1 run`, `3 runs`
    public static func short(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
