// The judged forms of patterns, matched by Java.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

public class Match {
    static String text(String field) {
        return new String(HexFormat.of().parseHex(field), StandardCharsets.UTF_8);
    }

    static String answer(String[] fields) {
        Pattern pattern;
        try {
            pattern = Pattern.compile(text(fields[0]));
        } catch (PatternSyntaxException refused) {
            return "refused";
        }
        StringBuilder answer = new StringBuilder();
        for (int at = 1; at < fields.length; at++) {
            String candidate = text(fields[at]);
            boolean printable = candidate.chars().allMatch(one -> one >= '!' && one <= '~');
            answer.append(printable && pattern.matcher(candidate).find() ? '1' : '0');
        }
        return answer.toString();
    }

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(answer(line.split("\t", -1)));
        }
    }
}
